//! Tables for training and evaluation, as polars frames.
//!
//! [`bike_sharing`] loads the UCI bike-sharing table: the embedded rows of 2011, a cached or
//! fresh download of both years, or a local `hour.csv`. [`read_csv`] reads any other CSV file
//! by a [`Schema`]; the bike table goes through the same reader. [`slice()`] selects the rows of
//! a [`Period`], and [`digest()`] identifies rows by their content.
//!
//! The library prints nothing: warnings for the user are in [`Loaded`].

mod archive;
pub mod bike;
mod cache;
mod column;
mod day;
mod digest;
mod download;
mod embedded;
mod error;
mod loaded;
mod period;
mod reader;
mod schema;
mod slice;
mod source;

pub use archive::Archive;
pub use digest::digest;
pub use error::DatasetError;
pub use indicatif::ProgressBar;
pub use loaded::Loaded;
pub use period::{InvalidPeriod, Period};
pub use reader::read_csv;
pub use schema::{ColumnKind, Schema};
pub use slice::slice;
pub use source::{Source, bike_sharing, bike_sharing_from};
