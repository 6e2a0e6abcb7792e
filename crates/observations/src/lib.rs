//! Observations: labelled rows from evaluations, stored as files for retraining.
//!
//! Every successful evaluation becomes one Parquet file, which is written under a temporary name,
//! synced and then renamed: a crash loses at most the batch in flight, and a reader never sees a
//! partial file. A file name begins with the time of the evaluation and ends with a digest of the
//! content, so sorting by name sorts by time, and a batch that is evaluated again is stored once.
//!
//! - [`Batch`]: the rows of one evaluation
//! - [`Store`]: writes batches, with retention by age and size (the host)
//! - [`read`], [`read_each`]: read them (the retrainer)

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
