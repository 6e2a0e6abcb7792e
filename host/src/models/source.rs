//! The file that a model comes from, watched.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use parking_lot::Mutex;

/// A component file that is looked at again and again rather than being told of changes: that
/// works for every file system, and for volumes that containers share.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// Whether the operator named it.
    pub(super) is_given: bool,
    known: Mutex<Known>,
}

impl Source {
    /// A file as it is now. Made before the file is read, so that no replacement goes unseen.
    pub(super) fn new(path: &Path, is_given: bool) -> Self {
        Self {
            path: path.to_owned(),
            is_given,
            known: Mutex::new(Known {
                identity: Identity::of(path),
                is_gone: false,
            }),
        }
    }

    /// What happened to the file since this was asked last.
    pub(super) fn look(&self) -> Sighting {
        let found = Identity::of(&self.path);
        let mut known = self.known.lock();
        let was_gone = std::mem::replace(&mut known.is_gone, found.is_none());
        match found {
            None if was_gone => Sighting::Unchanged,
            None => Sighting::Gone,
            Some(_) if found == known.identity => match was_gone {
                true => Sighting::Back,
                false => Sighting::Unchanged,
            },
            Some(_) => {
                known.identity = found;
                Sighting::Replaced
            }
        }
    }
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sighting {
    /// Nothing that was not known already.
    Unchanged,
    /// It is another file.
    Replaced,
    /// There is no file any more.
    Gone,
    /// The same file is there again.
    Back,
}

/// What is known of a file.
#[derive(Debug)]
struct Known {
    /// The file that was there last.
    identity: Option<Identity>,
    is_gone: bool,
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_is_gone_or_back_is_noticed_once() {
        let folder = tempfile::tempdir().unwrap();
        let (path, aside) = (folder.path().join("a.wasm"), folder.path().join("aside"));
        fs::write(&path, "1").unwrap();
        let source = Source::new(&path, true);
        assert_eq!(source.look(), Sighting::Unchanged);
        fs::rename(&path, &aside).unwrap();
        assert_eq!(source.look(), Sighting::Gone);
        assert_eq!(source.look(), Sighting::Unchanged);
        fs::rename(&aside, &path).unwrap();
        assert_eq!(source.look(), Sighting::Back);
        fs::remove_file(&path).unwrap();
        assert_eq!(source.look(), Sighting::Gone);
        fs::write(&path, "another").unwrap();
        assert_eq!(source.look(), Sighting::Replaced);
        assert_eq!(source.look(), Sighting::Unchanged);
    }
}
