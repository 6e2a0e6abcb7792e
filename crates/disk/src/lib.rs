//! Atomic file writes: a reader sees either the old file or the new one, never a mixture.
//!
//! [`write`] writes the bytes to a file beside the target, syncs it, renames it over the target
//! and syncs the folder. A crash can leave the temporary file behind. Its name ends in `.partial`;
//! [`is_partial`] recognises it and [`remove_partial`] removes it.
//!
//! [`ChangeDetector`] detects changes of small files; a [`Lock`] lets one process write to a folder.
//! Unix only: Linux and macOS.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! # let folder = tempfile::tempdir()?;
//! let path = folder.path().join("reports").join("today.json");
//! std::fs::create_dir_all(canopy_disk::folder(&path))?;
//! canopy_disk::write(&path, b"{}")?;
//! assert_eq!(std::fs::read(&path)?, b"{}");
//! # Ok(())
//! # }
//! ```

mod change;
mod lock;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

pub use change::ChangeDetector;
pub use lock::Lock;

/// Extension of temporary files.
const PARTIAL: &str = "partial";

/// File mode that only the umask restricts.
const COMMON: u32 = 0o666;

/// File mode that restricts access to the owner.
const PRIVATE: u32 = 0o600;

/// Writes `bytes` to `path`, replacing an existing file. The folder must exist.
///
/// Once this returns, the file survives a crash of the machine. Threads and processes may write the
/// same path concurrently: the last one wins. The file gets the mode of a new file under the umask,
/// whatever the old one's mode was; a symbolic link is itself replaced.
///
/// # Errors
///
/// If the file cannot be written, for example because the folder is missing or read-only or the
/// disk is full. The old file then stays intact.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, bytes, COMMON)
}

/// Like [`write`], with a mode that restricts access to the owner.
///
/// # Errors
///
/// As [`write`].
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, bytes, PRIVATE)
}

fn write_with(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let (partial, file) = create_beside(path, mode)?;
    fill(file, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .inspect_err(|_| {
            // The original error is the one to report.
            let _ = fs::remove_file(&partial);
        })?;
    sync_folder(folder(path))
}

/// Removes a file. Once this returns, it stays removed after a crash of the machine.
///
/// # Errors
///
/// If the file cannot be removed, or the folder cannot be synced.
pub fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_folder(folder(path))
}

/// Creates a temporary file beside `path` that no other writer uses: the first free name among
/// `path.0.partial`, `path.1.partial` and so on.
fn create_beside(path: &Path, mode: u32) -> io::Result<(PathBuf, File)> {
    if path.file_name().is_none() {
        return Err(ErrorKind::InvalidFilename.into());
    }
    let mut number = 0_u64;
    loop {
        let partial = path.with_added_extension(format!("{number}.{PARTIAL}"));
        let created = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&partial);
        match created {
            Ok(file) => return Ok((partial, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn fill(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the names in a folder survive a crash, if the file system supports that.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Network and FUSE file systems may only support syncing files.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}

/// Checks that a file with a secret cannot be read by every user of the machine.
///
/// # Errors
///
/// If it can be, or its mode cannot be read.
pub fn check_secret(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.mode() & 0o004 == 0 {
        return Ok(());
    }
    let problem = format!("every user can read it: run chmod o-r {}", path.display());
    Err(io::Error::new(ErrorKind::PermissionDenied, problem))
}

/// The folder of a file; `.` for a bare name.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Whether a path is that of a temporary file.
pub fn is_partial(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == PARTIAL)
}

/// Removes the temporary files that a crash left in a folder. No other process may write to the
/// folder: its temporary files would be removed as well.
///
/// # Errors
///
/// If the folder cannot be read or a file cannot be removed.
pub fn remove_partial(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if is_partial(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_of_a_bare_name_is_the_current_one() {
        assert_eq!(folder(Path::new("a/b.json")), Path::new("a"));
        assert_eq!(folder(Path::new("/b.json")), Path::new("/"));
        assert_eq!(folder(Path::new("b.json")), Path::new("."));
    }

    #[test]
    fn partial_files_are_known_by_their_extension() {
        for path in ["a/b.json.0.partial", "b.12.partial"] {
            assert!(is_partial(Path::new(path)), "{path}");
        }
        for path in ["b.json", "partial", "b.partial.json", ""] {
            assert!(!is_partial(Path::new(path)), "{path}");
        }
    }
}
