//! Wire types: what the server, the retrainer and their clients say to each other in JSON.
//!
//! Only data, and only serde: nothing here knows HTTP, models or disks.
//!
//! - [`Problem`], [`FieldProblem`]: an error, as `application/problem+json`

mod problem;

pub use problem::{FieldProblem, Problem};
