//! What the command lines of all programs have in common.
//!
//! - [`parse`]: parses arguments and variables, also under variables' former names
//! - [`About`]: commands about the command line: completions, man pages, reference
//! - [`reference`]: pages of the reference documentation

mod about;
mod command;
mod print;
pub mod reference;
mod renamed;

pub use about::{About, Page};
pub use command::{command, parse};
pub use print::print;
pub use renamed::warn_of_former_names;
