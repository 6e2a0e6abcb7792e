//! Parses the records and tensors that clients send into rows of numbers.
//!
//! Every parser writes each value directly to its place in one row-major buffer, without an
//! intermediate map or tree. An unusable value becomes a
//! [`FieldProblem`](canopy_api::FieldProblem) and parsing continues, so that a client learns of all
//! problems at once.
//!
//! - [`Schema`]: the position of each field in a row, from the model's description
//! - [`json`]: one record, a list of records, or the labelled records of an evaluation
//! - [`csv`]: records with a header line
//! - [`arrow`]: record batches of an Arrow IPC stream
//! - [`tensor`]: tensors of the Open Inference Protocol, and its responses

pub mod arrow;
pub mod csv;
pub mod json;
mod memory;
mod number;
mod problem;
mod schema;
pub mod tensor;

pub use problem::{InvalidBody, Problems};
pub use schema::{Labels, Schema};
