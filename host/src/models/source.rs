//! The file that a model comes from, watched.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// A component file that is looked at again and again rather than being told of changes: that
/// works for every file system, and for volumes that containers share.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// Whether the operator named it.
    pub(super) is_given: bool,
    known: Mutex<Option<Identity>>,
}

impl Source {
    /// A file as it is now. Made before the file is read, so that no replacement goes unseen.
    pub(super) fn new(path: &Path, is_given: bool) -> Self {
        Self {
            path: path.to_owned(),
            is_given,
            known: Mutex::new(Identity::of(path)),
        }
    }

    /// Whether the file is another one than when this was asked last. A file that is gone is
    /// not another one.
    pub(super) fn is_replaced(&self) -> bool {
        let found = Identity::of(&self.path);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = found.is_some() && found != *known;
        if replaced {
            *known = found;
        }
        replaced
    }
}

/// Tells one file from another at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    modified: SystemTime,
    size: u64,
}

impl Identity {
    /// The file at a path now; nothing while there is none.
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            modified: metadata.modified().ok()?,
            size: metadata.size(),
        })
    }
}
