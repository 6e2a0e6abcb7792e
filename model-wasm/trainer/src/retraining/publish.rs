//! Putting a component in the place of the one that serves.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use crate::write::write;

/// Folder of the components before, beside the served one.
const FOLDER: &str = "previous";
/// Components that are kept in it.
const KEPT: usize = 10;
/// Characters of the digest in a file's name.
const DIGITS: usize = 8;

/// Puts a component at `path`. What served before, `served` with a name and a version, is kept
/// first. Returns a warning if older components could not be removed.
///
/// # Errors
///
/// If the file is not any more what it was when the run began, or something cannot be written;
/// the served file is as it was then.
pub(crate) fn publish(
    path: &Path,
    component: &[u8],
    served: Option<&[u8]>,
    (name, version): (&str, &str),
) -> Result<Option<String>> {
    ensure!(
        fs::read(path).ok().as_deref() == served,
        "{} was replaced while the challenger was trained",
        path.display()
    );
    let mut warning = None;
    if let Some(served) = served {
        let digest = format!("{:x}", Sha256::digest(served));
        let plain = |text: &str| text.replace(|c: char| !allowed(c), "_");
        let file = format!(
            "{}-{}-{}.wasm",
            plain(name),
            plain(version),
            &digest[..DIGITS]
        );
        let folder = path.with_file_name(FOLDER);
        write(&folder.join(file), served).context("what serves cannot be kept")?;
        warning = forget(&folder)
            .err()
            .map(|error| format!("{} was not tidied: {error}", folder.display()));
    }
    write(path, component)?;
    Ok(warning)
}

/// Removes all components of a folder but the newest.
fn forget(folder: &Path) -> io::Result<()> {
    let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "wasm") {
            files.push((entry.metadata()?.modified()?, path));
        }
    }
    files.sort();
    let surplus = files.len().saturating_sub(KEPT);
    files
        .drain(..surplus)
        .try_for_each(|(_, path)| fs::remove_file(path))
}

/// Characters that are themselves in a file's name.
fn allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".+-_".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ten_before_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.wasm");
        write(&path, b"0").unwrap();
        for round in 1..=12_u8 {
            let served = fs::read(&path).unwrap();
            let version = format!("1/{round}");
            publish(&path, &[round], Some(&served), ("demand", &version)).unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), [12]);
        let files = fs::read_dir(folder.path().join(FOLDER)).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names.len(), KEPT);
        let newest = names.iter().filter_map(|name| name.to_str());
        assert!(newest.clone().all(|name| name.starts_with("demand-1_")));
        assert!(newest.clone().any(|name| name.starts_with("demand-1_12-")));
        assert!(!newest.clone().any(|name| name.starts_with("demand-1_1-")));
    }

    #[test]
    fn a_file_that_somebody_else_replaced_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.wasm");
        write(&path, b"theirs").unwrap();
        let error = publish(&path, b"ours", Some(b"old"), ("demand", "1")).unwrap_err();
        assert!(error.to_string().contains("was replaced"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert!(!folder.path().join(FOLDER).exists());
    }
}
