//! What is watched of models: evaluations and their reports, the last predicted rows, drift.
//!
//! - [`evaluate`]: labelled rows to scores and drift; changes nothing
//! - [`History`], [`Report`]: what is kept of an evaluation
//! - [`Window`], [`window_drift`]: the last predicted rows, and their drift

mod config;
mod evaluation;
mod history;
pub mod report;
mod window;
mod window_drift;

pub use config::Config;
pub use evaluation::{Evaluation, EvaluationError, Scores, evaluate};
pub use history::{History, MOST_REPORTS};
pub use report::Report;
pub use window::{Fill, Snapshot, Window};
pub use window_drift::window_drift;
