//! Where labelled rows are kept, and for how long.

use std::path::PathBuf;

use bytesize::ByteSize;
use clap::Args;

use super::store::Retention;

/// Where labelled rows are kept for a retraining.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Observations")]
#[group(id = "observations-config")]
pub struct Config {
    /// Folder in which every successful evaluation is kept as a Parquet file [default: none].
    #[arg(
        long = "observations",
        env = "CANOPY_OBSERVATIONS",
        value_name = "FOLDER"
    )]
    pub folder: Option<PathBuf>,
    /// Longest time that an evaluation is kept.
    #[arg(
        long = "observations-age",
        env = "CANOPY_OBSERVATIONS_AGE",
        default_value = "90d",
        value_name = "TIME"
    )]
    age: humantime::Duration,
    /// Total size of the evaluations that are kept; the oldest go first.
    #[arg(
        long = "observations-size",
        env = "CANOPY_OBSERVATIONS_SIZE",
        default_value = "1GiB",
        value_name = "SIZE"
    )]
    size: ByteSize,
}

impl Config {
    /// How long evaluations are kept.
    #[must_use]
    pub fn retention(&self) -> Retention {
        Retention {
            age: self.age.into(),
            size: self.size.as_u64(),
        }
    }
}
