//! Observations: labelled rows from evaluations, stored as files for retraining.
//!
//! Every successful evaluation becomes one Parquet file, which is written under a temporary name,
//! synced and then renamed: a crash loses at most the batch in flight, and a reader never sees a
//! partial file. A file name begins with the time of the evaluation and ends with a digest of the
//! rows, so sorting by name sorts by time, and a batch that is evaluated again is stored once.
//!
//! - [`Batch`]: the rows of one evaluation; [`Origin`]: where they come from
//! - [`Store`]: writes and removes batches, with retention by age, size and rows (the host)
//! - [`list`], [`Stored`]: what is there, read from footers or whole (the retrainer)

mod batch;
mod clock;
mod config;
mod error;
mod origin;
mod reader;
mod store;
mod summary;

pub use batch::{Batch, Targets};
pub use config::Config;
pub use error::ObservationError;
pub use origin::Origin;
pub use reader::{Footer, Observed, Stored, list, read};
pub use store::{Retention, Store};
pub use summary::ColumnSummary;
