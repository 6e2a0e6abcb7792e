//! The state folder: what a restart must not forget about the models.
//!
//! - `evaluations/MODEL/ID.json`: the evaluations of a model, see [`archive`]
//! - `windows/MODEL`: the live window of its serving version, see [`window`]
//!
//! One host writes to the folder. Another one that has the same folder reads it and writes nothing
//! until the first has ended.

mod archive;
mod config;
mod window;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use canopy_disk::{self as disk, Lock};
use tracing::warn;

pub(super) use archive::Archive;
pub use config::Config;
pub(super) use config::Retention;

/// A state folder.
#[derive(Debug)]
pub struct State {
    folder: PathBuf,
    lock: Lock,
    retention: Retention,
}

impl State {
    /// Opens the state folder, creating it if it does not exist. Removes partial files left by a crash.
    ///
    /// # Errors
    ///
    /// If the folder cannot be created or written to.
    pub fn open(folder: &Path, config: &Config) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let lock = Lock::open(folder)?;
        if lock.is_held() {
            sweep(folder);
        } else {
            let holder = lock.holder();
            warn!(
                ?folder,
                holder, "another host writes the state; this one keeps none until that has ended"
            );
        }
        Ok(Self {
            folder: folder.to_owned(),
            lock,
            retention: config.retention(),
        })
    }

    /// Removes what is kept about a model that was retired.
    pub fn forget(&self, model: &str) {
        if self.is_ours() {
            // Best effort: what stays is about versions that are no longer there.
            let _ = fs::remove_dir_all(self.evaluations(model));
            let _ = fs::remove_file(self.window(model));
        }
    }

    /// Whether this host writes to the folder; it does from when another one has ended.
    fn is_ours(&self) -> bool {
        self.lock.acquire().unwrap_or(false)
    }

    fn evaluations(&self, model: &str) -> PathBuf {
        self.folder.join("evaluations").join(model)
    }

    fn window(&self, model: &str) -> PathBuf {
        self.folder.join("windows").join(model)
    }
}

/// Removes partial files. Best effort: they do no harm.
fn sweep(folder: &Path) {
    let models = fs::read_dir(folder.join("evaluations"));
    let models = models.into_iter().flatten().flatten();
    let models = models.map(|entry| entry.path());
    for folder in models.chain([folder.join("windows")]) {
        let _ = disk::remove_partial(&folder);
    }
}
