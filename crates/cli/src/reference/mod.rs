//! Pages of the reference documentation, in Markdown.

mod configuration;
mod table;

pub use configuration::{arguments_table, configuration};
pub use table::table;
