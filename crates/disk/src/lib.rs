//! Files that are there wholly or not at all.

mod change;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

pub use change::ChangeDetector;

/// Ending of a file that is being written.
const PARTIAL: &str = "partial";

/// Mode of a file that anybody may read whom the user's mask lets.
const COMMON: u32 = 0o666;
/// Mode of a file for its owner alone.
const PRIVATE: u32 = 0o600;

/// Writes a file aside, syncs it and renames it; once this returns it survives a crash.
///
/// # Errors
///
/// If it cannot be written; what was there before is there still.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, bytes, COMMON)
}

/// As [`write`], a file that only its owner may read.
///
/// # Errors
///
/// If it cannot be written; what was there before is there still.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, bytes, PRIVATE)
}

fn write_with(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let partial = path.with_added_extension(PARTIAL);
    write_aside(&partial, bytes, mode)
        .and_then(|()| fs::rename(&partial, path))
        .inspect_err(|_| {
            // What could not be written whole is of no use.
            let _ = fs::remove_file(&partial);
        })?;
    File::open(folder(path))?.sync_all()
}

/// The folder that a file is in.
#[must_use]
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn write_aside(partial: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(partial)?;
    if mode == PRIVATE {
        // What a crash left half written may have another mode.
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}

/// Whether a file is being written, or was when the process ended.
#[must_use]
pub fn is_partial(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == PARTIAL)
}

/// Removes what a crash left half written.
///
/// # Errors
///
/// If the folder cannot be read or a file not be removed.
pub fn remove_partial(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if is_partial(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
