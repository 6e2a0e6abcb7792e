//! Atomic writing of files.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use canopy_disk as disk;

/// Writes `bytes` to `path` atomically, creating its folder if necessary: a reader finds either the
/// old file or the new one, never a partial one, even after a crash.
///
/// # Errors
///
/// If the file cannot be written, for example for lack of space or permission. The old file is then
/// unchanged.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::create_dir_all(disk::folder(path))
        .and_then(|()| disk::write(path, bytes))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn creates_the_folder_and_replaces_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/model.wasm");
        write(&path, b"old").unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o400, 0o400);
    }

    #[test]
    fn a_failure_leaves_the_old_content_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.wasm");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), b"old").unwrap();
        let error = write(&path, b"new").unwrap_err();
        assert!(error.to_string().starts_with("cannot write "), "{error}");
        assert_eq!(fs::read(path.join("inside")).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
