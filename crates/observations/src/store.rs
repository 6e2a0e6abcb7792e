//! Stores batches on disk.

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

/// Limits on stored observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Maximum age of a batch.
    pub age: Duration,
    /// Maximum total size of all batches in bytes; the oldest are removed first, the newest is
    /// always kept.
    pub size: u64,
}

/// A folder of batches.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    retention: Retention,
    clock: Arc<Clock>,
    /// Serialises appends: two concurrent copies of the same rows must not remove each other.
    appending: Arc<Mutex<()>>,
}

impl Store {
    /// Opens a folder for batches, creating it if it does not exist, and removes partial files left
    /// by a crash.
    ///
    /// # Errors
    ///
    /// If the folder cannot be created or written to.
    pub fn open(folder: &Path, retention: Retention) -> Result<Self, ObservationError> {
        fs::create_dir_all(folder).map_err(ObservationError::io(folder))?;
        disk::remove_partial(folder).map_err(ObservationError::io(folder))?;
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                disk::remove_partial(&path).map_err(ObservationError::io(&path))?;
            }
        }
        // Fail now rather than on the first batch if the folder is not writable. No model can have
        // this name, under which its own folder of observations would lie.
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

    /// A separate store in a subfolder of this one, with the same retention.
    ///
    /// # Errors
    ///
    /// If the subfolder cannot be created.
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

    /// Stores a batch durably and returns its path. Then removes an older copy of the same rows
    /// and the batches beyond the limits on age and size.
    ///
    /// # Errors
    ///
    /// If the batch cannot be written, in which case nothing has changed, or an old batch cannot be
    /// removed.
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
        self.prune(&path, &digest, now)?;
        Ok(path)
    }

    fn prune(&self, newest: &Path, digest: &str, now: SystemTime) -> Result<(), ObservationError> {
        let mut kept = 0;
        for (path, observed) in reader::files(&self.folder)?.into_iter().rev() {
            let size = fs::metadata(&path)
                .map_err(ObservationError::io(&path))?
                .len();
            let age = now.duration_since(observed).unwrap_or_default();
            let is_copy = path
                .file_stem()
                .is_some_and(|name| name.to_str().is_some_and(|name| name.ends_with(digest)));
            kept += size;
            if path != newest && (is_copy || age > self.retention.age || kept > self.retention.size)
            {
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
