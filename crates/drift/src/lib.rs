//! Drift tests and model scores: pure functions over slices of `f64`, no I/O.
//!
//! A [`Reference`] is a prepared sample of one column. It is compared with a
//! current sample by the [`Method`] that Evidently chooses by default or by a
//! given one, and the results of all columns make a [`DatasetDrift`]. Scores
//! equal those of Evidently 0.7 wherever it defines them; the documentation of
//! each statistic gives its formula and source, and where it deviates from
//! Evidently.
//!
//! ```
//! use canopy_drift::{DEFAULT_SHARE_THRESHOLD, DatasetDrift, Kind, Reference};
//!
//! let warm: Vec<f64> = (0..100).map(f64::from).collect();
//! let cold: Vec<f64> = warm.iter().map(|degrees| degrees - 60.0).collect();
//!
//! let reference = Reference::new("temperature", Kind::Numerical, &warm);
//! let dataset = DatasetDrift::new(vec![reference.compare(&cold)], DEFAULT_SHARE_THRESHOLD);
//! assert!(dataset.drifted);
//! ```

mod column_drift;
mod comparison;
mod dataset_drift;
mod distribution;
mod kind;
mod method;
mod reference;
mod sample;
mod score;
mod statistic;
mod table;

pub use column_drift::ColumnDrift;
pub use comparison::Comparison;
pub use dataset_drift::{DEFAULT_SHARE_THRESHOLD, DatasetDrift};
pub use distribution::{Bins, Distribution};
pub use kind::Kind;
pub use method::{Method, MethodError, UnknownMethod};
pub use reference::Reference;
pub use score::classification::{ClassificationScores, classification_scores};
pub use score::regression::{RegressionScores, regression_scores};
