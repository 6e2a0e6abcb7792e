//! Labelled rows that a host has seen, kept as files for a retraining.
//!
//! Every successful evaluation becomes one Parquet file: written aside, synced, then renamed,
//! so that a crash loses at most the batch in flight and a reader never sees half a file. A
//! file's name begins with the time it was observed and ends with a digest of its content:
//! names in order are batches in order, and a batch that is evaluated again is kept once.
//!
//! - [`Batch`]: the rows of one evaluation
//! - [`Store`]: the host's side, with retention by age and size
//! - [`read`], [`read_each`]: the retrainer's side

mod batch;
mod clock;
mod config;
mod error;
mod reader;
mod store;

pub use batch::{Batch, Targets};
pub use config::Config;
pub use error::ObservationError;
pub use reader::{Observed, read, read_each};
pub use store::{Retention, Store};
