//! Whether small files have changed.

use std::fs;
use std::path::PathBuf;

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

/// Finds out whether the content of small files has changed. The content is compared rather than
/// the modification time, which is coarse and says nothing of the target of a link.
pub struct ChangeDetector {
    paths: Vec<PathBuf>,
    seen: Mutex<[u8; 32]>,
}

impl ChangeDetector {
    /// Remembers the files as they are now.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>) -> Self {
        let seen = Mutex::new(digest(&paths));
        Self { paths, seen }
    }

    /// Whether one of them is not as it was when this was last asked.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        let now = digest(&self.paths);
        std::mem::replace(&mut *self.seen.lock(), now) != now
    }
}

fn digest(paths: &[PathBuf]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for path in paths {
        match fs::read(path) {
            Ok(bytes) => digest.update(Sha256::digest(bytes)),
            Err(error) => digest.update(error.to_string()),
        }
    }
    digest.finalize().into()
}
