//! The component file that a model comes from.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use parking_lot::Mutex;

/// A component file that is polled for changes. Unlike file system notifications, polling works on
/// every file system and on volumes shared between containers.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// Whether the file was given on the command line.
    pub(super) is_given: bool,
    last: Mutex<LastCheck>,
}

impl Source {
    /// Captures the current state of a file. Call this before reading the file, so that no
    /// replacement goes unnoticed.
    pub(super) fn new(path: &Path, is_given: bool) -> Self {
        Self {
            path: path.to_owned(),
            is_given,
            last: Mutex::new(LastCheck {
                identity: Identity::of(path),
                is_missing: false,
            }),
        }
    }

    /// What happened to the file since the last check.
    pub(super) fn check(&self) -> FileChange {
        let found = Identity::of(&self.path);
        let mut last = self.last.lock();
        let was_missing = std::mem::replace(&mut last.is_missing, found.is_none());
        match found {
            None if was_missing => FileChange::Unchanged,
            None => FileChange::Missing,
            Some(_) if found == last.identity => match was_missing {
                true => FileChange::Restored,
                false => FileChange::Unchanged,
            },
            Some(_) => {
                last.identity = found;
                FileChange::Replaced
            }
        }
    }
}

/// What happened to a file between two checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileChange {
    /// Nothing new.
    Unchanged,
    /// It is a different file.
    Replaced,
    /// It no longer exists.
    Missing,
    /// It was missing, and the same file exists again.
    Restored,
}

/// The state of a file at the last check.
#[derive(Debug)]
struct LastCheck {
    /// The last file that existed at the path.
    identity: Option<Identity>,
    is_missing: bool,
}

/// Distinguishes different files at the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    modified: SystemTime,
    size: u64,
}

impl Identity {
    /// The identity of the file at a path; `None` if it does not exist.
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_missing_or_restored_file_is_reported_once() {
        let folder = tempfile::tempdir().unwrap();
        let (path, aside) = (folder.path().join("a.wasm"), folder.path().join("aside"));
        fs::write(&path, "1").unwrap();
        let source = Source::new(&path, true);
        assert_eq!(source.check(), FileChange::Unchanged);
        fs::rename(&path, &aside).unwrap();
        assert_eq!(source.check(), FileChange::Missing);
        assert_eq!(source.check(), FileChange::Unchanged);
        fs::rename(&aside, &path).unwrap();
        assert_eq!(source.check(), FileChange::Restored);
        fs::remove_file(&path).unwrap();
        assert_eq!(source.check(), FileChange::Missing);
        fs::write(&path, "another").unwrap();
        assert_eq!(source.check(), FileChange::Replaced);
        assert_eq!(source.check(), FileChange::Unchanged);
    }
}
