//! Reads the batches that a host stored.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::batch::Batch;
use super::error::ObservationError;

/// Extension of a complete file; files that are still being written have a different one.
pub(super) const EXTENSION: &str = "parquet";

/// A batch with the time of its evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// When the host evaluated it.
    pub at: SystemTime,
    /// The labelled rows.
    pub batch: Batch,
}

/// Reads all batches in a folder, oldest first; none if the folder does not exist yet.
///
/// # Errors
///
/// If the folder or a file in it cannot be read.
pub fn read(folder: &Path) -> Result<Vec<Observed>, ObservationError> {
    read_each(folder)?.into_iter().collect()
}

/// Like [`read`], but with an error in place of each batch that cannot be read.
///
/// # Errors
///
/// If the folder cannot be read.
pub fn read_each(
    folder: &Path,
) -> Result<Vec<Result<Observed, ObservationError>>, ObservationError> {
    let files = files(folder)?.into_iter();
    Ok(files
        .filter_map(|(path, at)| match batch(&path) {
            Ok(batch) => Some(Ok(Observed { at, batch })),
            // Retention in the host may remove a file after it was listed.
            Err(_) if !path.exists() => None,
            Err(error) => Some(Err(error)),
        })
        .collect())
}

/// Lists the files of batches with their times, oldest first.
pub(super) fn files(folder: &Path) -> Result<Vec<(PathBuf, SystemTime)>, ObservationError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(ObservationError::io(folder))? {
        let path = entry.map_err(ObservationError::io(folder))?.path();
        if let Some(time) = time(&path) {
            files.push((path, time));
        }
    }
    files.sort();
    Ok(files)
}

/// The time in the name of a batch file; `None` for other files.
fn time(path: &Path) -> Option<SystemTime> {
    let name = path.file_name()?.to_str()?.strip_suffix(EXTENSION)?;
    let nanos: u64 = name.split_once('-')?.0.parse().ok()?;
    Some(UNIX_EPOCH + Duration::from_nanos(nanos))
}

fn batch(path: &Path) -> Result<Batch, ObservationError> {
    let file = File::open(path).map_err(ObservationError::io(path))?;
    let parts = || -> Result<Vec<RecordBatch>, Box<dyn std::error::Error>> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
        Ok(reader.collect::<Result<_, ArrowError>>()?)
    };
    let parts = parts().map_err(ObservationError::content(path))?;
    Batch::from_arrow(&parts).map_err(|problem| ObservationError::content(path)(problem.into()))
}
