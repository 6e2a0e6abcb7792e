//! Lists and reads the batches that a host stored.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::batch::Batch;
use super::error::ObservationError;
use super::origin::Origin;
use super::summary::{ColumnSummary, Summing};

/// Extension of a complete file; files that are still being written have a different one.
pub(super) const EXTENSION: &str = "parquet";

/// A stored batch, of which nothing but its name has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its id: the name of its file without the extension.
    pub id: String,
    /// When the host evaluated it.
    pub at: SystemTime,
    pub(super) path: PathBuf,
}

/// What the footer of a file says of its batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footer {
    /// Number of rows.
    pub rows: usize,
    /// Names of the features, then that of the target.
    pub columns: Vec<String>,
    /// Where the batch comes from.
    pub origin: Origin,
}

/// A batch with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// When the host evaluated it, and its id.
    pub stored: Stored,
    /// The labelled rows.
    pub batch: Batch,
}

impl Stored {
    /// Reads the footer of the file, and none of its rows.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not a batch.
    pub fn footer(&self) -> Result<Footer, ObservationError> {
        let reader = self.open()?;
        let metadata = reader.metadata().file_metadata();
        Ok(Footer {
            rows: usize::try_from(metadata.num_rows()).unwrap_or_default(),
            columns: reader
                .schema()
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .collect(),
            origin: Origin::from_metadata(metadata.key_value_metadata()),
        })
    }

    /// Reads the batch.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not a batch.
    pub fn read(&self) -> Result<Batch, ObservationError> {
        let mut parts = Vec::new();
        self.each(|part| parts.push(part))?;
        Batch::from_arrow(&parts)
            .map_err(|problem| ObservationError::content(&self.path)(problem.into()))
    }

    /// Reads the batch in parts and summarises its columns.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not a batch.
    pub fn summary(&self) -> Result<Vec<ColumnSummary>, ObservationError> {
        let mut summing = Summing::new(self.open()?.schema());
        self.each(|part| summing.add(&part))?;
        Ok(summing.finish())
    }

    /// Whether the batch is still there: its host removes old ones, and those it is told to.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    fn each(&self, mut add: impl FnMut(arrow_array::RecordBatch)) -> Result<(), ObservationError> {
        let content =
            |error: Box<dyn std::error::Error>| ObservationError::content(&self.path)(error);
        let reader = self.open()?.build();
        for part in reader.map_err(|error| content(error.into()))? {
            add(part.map_err(|error| content(error.into()))?);
        }
        Ok(())
    }

    fn open(&self) -> Result<ParquetRecordBatchReaderBuilder<File>, ObservationError> {
        let file = File::open(&self.path).map_err(ObservationError::io(&self.path))?;
        ParquetRecordBatchReaderBuilder::try_new(file)
            .map_err(|error| ObservationError::content(&self.path)(error.into()))
    }
}

/// Reads all batches in a folder, oldest first; none if the folder does not exist yet.
///
/// # Errors
///
/// If the folder or a file in it cannot be read.
pub fn read(folder: &Path) -> Result<Vec<Observed>, ObservationError> {
    let mut observed = Vec::new();
    for stored in list(folder)? {
        match stored.read() {
            Ok(batch) => observed.push(Observed { stored, batch }),
            // Retention in the host may remove a file after it was listed.
            Err(_) if !stored.exists() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(observed)
}

/// Lists the batches in a folder, oldest first; none if the folder does not exist yet.
///
/// # Errors
///
/// If the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Stored>, ObservationError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut stored = Vec::new();
    for entry in fs::read_dir(folder).map_err(ObservationError::io(folder))? {
        let path = entry.map_err(ObservationError::io(folder))?.path();
        stored.extend(named(path));
    }
    stored.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(stored)
}

/// The batch with an id, if its file is there.
#[must_use]
pub(super) fn find(folder: &Path, id: &str) -> Option<Stored> {
    let is_name = id
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let path = folder.join(format!("{id}.{EXTENSION}"));
    named(path).filter(|stored| is_name && stored.exists())
}

/// A batch by the name of its file, which begins with its time; `None` for other files.
fn named(path: PathBuf) -> Option<Stored> {
    let name = path.file_name()?.to_str()?;
    let id = name.strip_suffix(EXTENSION)?.strip_suffix('.')?.to_owned();
    let nanos: u64 = id.split_once('-')?.0.parse().ok()?;
    let at = UNIX_EPOCH + Duration::from_nanos(nanos);
    Some(Stored { id, at, path })
}
