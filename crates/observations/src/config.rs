//! Configuration of observations: where labelled rows are stored, and for how long.

use std::path::PathBuf;

use bytesize::ByteSize;
use clap::Args;

use super::store::Retention;

/// Where labelled rows are stored for retraining, and for how long.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Observations")]
#[group(id = "observations-config")]
pub struct Config {
    /// Folder where the labelled rows of every successful evaluation are stored as a Parquet file
    /// [default: they are not stored].
    #[arg(
        long = "observations",
        env = "CANOPY_OBSERVATIONS",
        value_name = "FOLDER"
    )]
    pub folder: Option<PathBuf>,
    /// Maximum age of a stored evaluation; older ones are removed.
    #[arg(
        long = "observations-age",
        env = "CANOPY_OBSERVATIONS_AGE",
        default_value = "90d",
        value_name = "TIME"
    )]
    age: humantime::Duration,
    /// Maximum total size of the stored evaluations; the oldest ones are removed first.
    #[arg(
        long = "observations-size",
        env = "CANOPY_OBSERVATIONS_SIZE",
        default_value = "1GiB",
        value_name = "SIZE"
    )]
    size: ByteSize,
    /// Maximum total number of rows in the stored evaluations; the oldest ones are removed first.
    #[arg(
        long = "observations-rows",
        env = "CANOPY_OBSERVATIONS_ROWS",
        default_value = "10000000",
        value_name = "ROWS"
    )]
    rows: u64,
}

impl Config {
    /// The limits on age, size and number of rows.
    #[must_use]
    pub fn retention(&self) -> Retention {
        Retention {
            age: self.age.into(),
            size: self.size.as_u64(),
            rows: self.rows,
        }
    }
}
