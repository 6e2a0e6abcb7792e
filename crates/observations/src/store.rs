//! Stores batches on disk.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use canopy_disk as disk;
use parking_lot::Mutex;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::batch::Batch;
use super::clock::Clock;
use super::error::ObservationError;
use super::origin::Origin;
use super::reader::{self, EXTENSION, Stored};

/// Limits on stored observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Maximum age of a batch.
    pub age: Duration,
    /// Maximum total size of all batches in bytes; the oldest are removed first, the newest is
    /// always kept.
    pub size: u64,
    /// Maximum total number of rows; the oldest batches are removed first, the newest is always kept.
    pub rows: u64,
}

/// A folder of batches.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    retention: Retention,
    clock: Arc<Clock>,
    /// Whether the folder is created for its first batch.
    is_within: bool,
    /// The number of rows of files whose footer was read. Locked for each change: two concurrent
    /// copies of the same rows must not remove each other.
    rows: Arc<Mutex<HashMap<PathBuf, u64>>>,
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
            is_within: false,
            rows: Arc::default(),
        })
    }

    /// A separate store in a subfolder of this one, with the same retention.
    #[must_use]
    pub fn within(&self, name: &str) -> Self {
        Self {
            folder: self.folder.join(name),
            retention: self.retention,
            clock: Arc::clone(&self.clock),
            is_within: true,
            rows: Arc::clone(&self.rows),
        }
    }

    /// Stores a batch durably and returns its path. Then removes an older copy of the same rows
    /// and the batches beyond the limits on age, size and rows.
    ///
    /// # Errors
    ///
    /// If the batch cannot be written, in which case nothing has changed, or an old batch cannot be
    /// removed.
    pub fn append(&self, batch: &Batch, origin: &Origin) -> Result<PathBuf, ObservationError> {
        let bytes =
            encode(batch, origin).map_err(|error| ObservationError::Encode(error.to_string()))?;
        let digest = format!("{:016x}", batch.digest());
        let mut rows = self.rows.lock();
        if self.is_within {
            fs::create_dir_all(&self.folder).map_err(ObservationError::io(&self.folder))?;
        }
        let now = self.clock.now();
        let nanos = now
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos();
        let name = format!("{nanos:020}-{digest}");
        let path = self.folder.join(format!("{name}.{EXTENSION}"));
        disk::write(&path, &bytes).map_err(ObservationError::io(&path))?;
        rows.insert(path.clone(), batch.rows() as u64);
        self.prune(&path, &digest, now, &mut rows)?;
        Ok(path)
    }

    /// The batches, newest first.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Stored>, ObservationError> {
        let mut stored = reader::list(&self.folder)?;
        stored.reverse();
        Ok(stored)
    }

    /// The batch with an id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Stored> {
        reader::find(&self.folder, id)
    }

    /// Removes the batch with an id durably. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// If the file cannot be removed.
    pub fn remove(&self, id: &str) -> Result<bool, ObservationError> {
        let mut rows = self.rows.lock();
        let Some(Stored { path, .. }) = self.find(id) else {
            return Ok(false);
        };
        disk::remove(&path).map_err(ObservationError::io(&path))?;
        rows.remove(&path);
        Ok(true)
    }

    fn prune(
        &self,
        newest: &Path,
        digest: &str,
        now: SystemTime,
        known: &mut HashMap<PathBuf, u64>,
    ) -> Result<(), ObservationError> {
        let (mut size, mut rows) = (0, 0);
        for stored in self.list()? {
            let path = &stored.path;
            let its_size = fs::metadata(path)
                .map_err(ObservationError::io(path))?
                .len();
            // A damaged file has no rows that anybody could learn from.
            let its_rows = *known
                .entry(path.clone())
                .or_insert_with(|| stored.footer().map_or(0, |footer| footer.rows as u64));
            let age = now.duration_since(stored.at).unwrap_or_default();
            let is_copy = stored.id.ends_with(digest);
            let is_beyond = age > self.retention.age
                || size + its_size > self.retention.size
                || rows + its_rows > self.retention.rows;
            if path != newest && (is_copy || is_beyond) {
                fs::remove_file(path).map_err(ObservationError::io(path))?;
                known.remove(path);
            } else {
                size += its_size;
                rows += its_rows;
            }
        }
        Ok(())
    }
}

fn encode(batch: &Batch, origin: &Origin) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let table = batch.to_arrow()?;
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(origin.to_metadata()))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties))?;
    writer.write(&table)?;
    Ok(writer.into_inner()?)
}

#[cfg(test)]
mod tests {
    use super::super::batch::Targets;
    use super::super::summary::ColumnSummary;
    use super::*;

    fn batch(values: &[f64]) -> Batch {
        Batch {
            features: vec![("x".into(), values.to_vec())],
            target: "y".into(),
            targets: Targets::Numbers(values.to_vec()),
        }
    }

    fn store(folder: &Path, rows: u64) -> Store {
        let retention = Retention {
            age: Duration::from_secs(3600),
            size: 1 << 30,
            rows,
        };
        Store::open(folder, retention).unwrap()
    }

    #[test]
    fn a_batch_says_where_it_comes_from_and_what_it_contains() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), 100);
        let origin = Origin {
            user: Some("ada".into()),
            period: Some("week".into()),
            version: Some("1.0.0".into()),
            ..Origin::default()
        };
        store.append(&batch(&[1.0, 3.0]), &origin).unwrap();
        let stored = store.list().unwrap().remove(0);
        let footer = stored.footer().unwrap();
        assert_eq!((footer.rows, &footer.origin), (2, &origin));
        assert_eq!(footer.columns, ["x", "y"]);
        let numbers = |column: &str| ColumnSummary::Numbers {
            column: column.into(),
            minimum: 1.0,
            mean: 2.0,
            maximum: 3.0,
        };
        assert_eq!(stored.summary().unwrap(), [numbers("x"), numbers("y")]);
    }

    #[test]
    fn the_same_rows_of_another_request_are_kept_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), 100);
        for request in ["one", "two"] {
            let origin = Origin {
                request: Some(request.into()),
                ..Origin::default()
            };
            store.append(&batch(&[1.0]), &origin).unwrap();
        }
        let stored = store.list().unwrap();
        assert_eq!(stored.len(), 1);
        let origin = stored[0].footer().unwrap().origin;
        assert_eq!(origin.request.as_deref(), Some("two"));
    }

    #[test]
    fn the_oldest_batches_go_when_there_are_too_many_rows() {
        let folder = tempfile::tempdir().unwrap();
        let origin = Origin::default();
        let before = store(folder.path(), 100);
        for value in [1.0, 2.0] {
            before.append(&batch(&[value; 40]), &origin).unwrap();
        }
        // A store that has seen none of them yet counts them by their footers.
        let after = store(folder.path(), 100);
        after.append(&batch(&[3.0; 40]), &origin).unwrap();
        let kept = reader::read(folder.path()).unwrap();
        let first = |it: &reader::Observed| it.batch.features[0].1[0];
        assert_eq!(kept.iter().map(first).collect::<Vec<_>>(), [2.0, 3.0]);
        after.append(&batch(&[4.0; 400]), &origin).unwrap();
        assert_eq!(after.list().unwrap().len(), 1);
    }

    #[test]
    fn a_removed_batch_is_gone_and_names_outside_the_folder_are_no_ids() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), 100);
        store.append(&batch(&[1.0]), &Origin::default()).unwrap();
        let other = store.within("other");
        other.append(&batch(&[2.0]), &Origin::default()).unwrap();
        let theirs = format!("other/{}", other.list().unwrap()[0].id);
        let id = store.list().unwrap().remove(0).id;
        for (id, is_there) in [(theirs, false), (id.clone(), true), (id, false)] {
            assert_eq!(store.remove(&id).unwrap(), is_there, "{id}");
        }
        assert!(store.list().unwrap().is_empty());
        assert_eq!(other.list().unwrap().len(), 1);
    }
}
