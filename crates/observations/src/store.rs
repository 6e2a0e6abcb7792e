//! Keeping batches on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use canopy_disk as disk;
use parking_lot::Mutex;
use parquet::arrow::ArrowWriter;
use sha2::{Digest as _, Sha256};

use super::batch::Batch;
use super::clock::Clock;
use super::error::ObservationError;
use super::reader::{self, EXTENSION};

/// How long observations are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Longest time a batch is kept.
    pub age: Duration,
    /// Most bytes of all batches together; the oldest go first, the newest always stays.
    pub size: u64,
}

/// A folder of batches.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    retention: Retention,
    clock: Arc<Clock>,
    /// Two copies of the same rows must not forget each other.
    appending: Arc<Mutex<()>>,
}

impl Store {
    /// Keeps batches in a folder, which is made if it is not there; what a crash left half
    /// written is removed.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made or written to.
    pub fn open(folder: &Path, retention: Retention) -> Result<Self, ObservationError> {
        fs::create_dir_all(folder).map_err(ObservationError::io(folder))?;
        disk::remove_partial(folder).map_err(ObservationError::io(folder))?;
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                disk::remove_partial(&path).map_err(ObservationError::io(&path))?;
            }
        }
        // Whether it can be written to is found now rather than with the first batch.
        // A name that no model has: the folder of a model may lie beside it.
        let probe = folder.join(".probe");
        disk::write(&probe, b"").map_err(ObservationError::io(&probe))?;
        fs::remove_file(&probe).map_err(ObservationError::io(&probe))?;
        Ok(Self {
            folder: folder.to_owned(),
            retention,
            clock: Arc::new(Clock::new()),
            appending: Arc::default(),
        })
    }

    /// A store of its own in a folder within this one.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made.
    pub fn within(&self, name: &str) -> Result<Self, ObservationError> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).map_err(ObservationError::io(&folder))?;
        Ok(Self {
            folder,
            retention: self.retention,
            clock: Arc::clone(&self.clock),
            appending: Arc::clone(&self.appending),
        })
    }

    /// Keeps a batch; once this returns it survives a crash. Then forgets what is too old or
    /// too much, and an older copy of the same rows.
    ///
    /// # Errors
    ///
    /// If it cannot be written; nothing has changed then.
    pub fn append(&self, batch: &Batch) -> Result<PathBuf, ObservationError> {
        let bytes = encode(batch).map_err(|error| ObservationError::Encode(error.to_string()))?;
        let digest = Sha256::digest(&bytes);
        let digest = format!(
            "{:016x}",
            u64::from_be_bytes(digest[..8].try_into().unwrap_or_default())
        );
        let _appending = self.appending.lock();
        let now = self.clock.now();
        let nanos = now
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos();
        let name = format!("{nanos:020}-{digest}");
        let path = self.folder.join(format!("{name}.{EXTENSION}"));
        disk::write(&path, &bytes).map_err(ObservationError::io(&path))?;
        self.forget(&path, &digest, now)?;
        Ok(path)
    }

    fn forget(&self, newest: &Path, digest: &str, now: SystemTime) -> Result<(), ObservationError> {
        let mut kept = 0;
        for (path, observed) in reader::files(&self.folder)?.into_iter().rev() {
            let size = fs::metadata(&path)
                .map_err(ObservationError::io(&path))?
                .len();
            let age = now.duration_since(observed).unwrap_or_default();
            let again = path
                .file_stem()
                .is_some_and(|name| name.to_str().is_some_and(|name| name.ends_with(digest)));
            kept += size;
            if path != newest && (again || age > self.retention.age || kept > self.retention.size) {
                kept -= size;
                fs::remove_file(&path).map_err(ObservationError::io(&path))?;
            }
        }
        Ok(())
    }
}

fn encode(batch: &Batch) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let table = batch.to_arrow()?;
    let mut writer = ArrowWriter::try_new(Vec::new(), table.schema(), None)?;
    writer.write(&table)?;
    Ok(writer.into_inner()?)
}
