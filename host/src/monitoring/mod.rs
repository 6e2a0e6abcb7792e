//! Model monitoring: evaluations with their reports, and drift of live traffic.
//!
//! - [`evaluate`]: computes scores and drift of labelled rows; has no side effects
//! - [`History`], [`Report`]: the reports of a model's evaluations
//! - [`Window`], [`window_drift`]: the most recently predicted rows, and their drift
//! - [`State`]: evaluations and live windows on disk, for the next start

mod config;
mod evaluation;
mod evaluation_config;
mod history;
pub mod report;
mod state;
mod window;
mod window_drift;

pub use config::Config;
pub use evaluation::{Evaluation, EvaluationError, Scores, evaluate};
pub use evaluation_config::EvaluationConfig;
pub use history::{History, MAX_REPORTS};
pub use report::Report;
pub use state::{Config as StateConfig, State};
pub use window::{Fill, Snapshot, Window};
pub use window_drift::window_drift;
