//! Files that are looked at again and again.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

/// Small files whose content may change. It is compared rather than their times: those are coarse,
/// and of a link they say nothing.
pub(crate) struct Watched {
    paths: Vec<PathBuf>,
    seen: Mutex<[u8; 32]>,
}

impl Watched {
    /// Watches files as they are now.
    pub(crate) fn new(paths: Vec<PathBuf>) -> Self {
        let seen = Mutex::new(digest(&paths));
        Self { paths, seen }
    }

    /// Whether one of them is not as it was when this was last asked.
    pub(crate) fn changed(&self) -> bool {
        let now = digest(&self.paths);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *seen, now) != now
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
