//! Detects changes of small files.

use std::fs;
use std::path::PathBuf;

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

/// Detects changes in the content of small files. It compares contents instead of modification
/// times, which are coarse and ignore the target of a link.
pub struct ChangeDetector {
    paths: Vec<PathBuf>,
    seen: Mutex<[u8; 32]>,
}

impl ChangeDetector {
    /// Records the current content of the files.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>) -> Self {
        let seen = Mutex::new(digest(&paths));
        Self { paths, seen }
    }

    /// Whether a file has changed since the last call.
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
