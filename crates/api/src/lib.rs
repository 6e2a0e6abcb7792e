//! Wire types: the JSON that the host, the retrainer and their clients exchange.
//!
//! Data types with their JSON form and its schema: nothing here depends on HTTP, models or disks.
//!
//! - [`Problem`], [`FieldProblem`]: an error, as `application/problem+json`

mod problem;

pub use problem::{FieldProblem, Problem};
