//! Rows: the encoded features of records, read from what clients send.
//!
//! Every reader parses straight into its place in one row-major buffer; there is no map or
//! tree in between. A value that cannot be used becomes a [`FieldProblem`](canopy_api::FieldProblem), and reading goes
//! on, so that a client learns of all its mistakes at once.
//!
//! - [`Schema`]: which field goes where, from the model's description
//! - [`json`]: one record, a list of records, labelled records for an evaluation
//! - [`csv`]: records with a header line
//! - [`arrow`]: record batches of an Arrow IPC stream

pub mod arrow;
pub mod csv;
pub mod json;
mod number;
mod problem;
mod schema;

pub use problem::{InvalidBody, Problems};
pub use schema::{Labels, Schema};
