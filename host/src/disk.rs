//! Files that are there wholly or not at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Ending of a file that is being written.
const PARTIAL: &str = "partial";

/// Writes a file aside, syncs it and renames it; once this returns it survives a crash.
///
/// # Errors
///
/// If it cannot be written; what was there before is there still.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = path.with_added_extension(PARTIAL);
    let folder = path.parent().unwrap_or(Path::new("."));
    write_aside(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .inspect_err(|_| {
            // What could not be written whole is of no use.
            let _ = fs::remove_file(&partial);
        })?;
    File::open(folder)?.sync_all()
}

fn write_aside(partial: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(partial)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Whether a file is being written, or was when the process ended.
pub(crate) fn is_partial(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == PARTIAL)
}

/// Removes what a crash left half written.
///
/// # Errors
///
/// If the folder cannot be read or a file not be removed.
pub(crate) fn remove_partial(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if is_partial(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
