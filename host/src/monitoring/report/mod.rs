//! The report of an evaluation: its scores, its drift and the data for charts of both.

mod outcome;
mod page;
mod summary;
mod whole;

pub use outcome::Outcome;
pub use page::page;
pub use summary::{Scores, Summary};
pub use whole::{Column, Entry, Head, Report};
