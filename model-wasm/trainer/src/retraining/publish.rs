//! Publishes a component by replacing the host's model file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use crate::write::write;

/// Folder for previous components, next to the model file.
const FOLDER: &str = "previous";
/// Number of previous components that are kept.
const KEPT: usize = 10;
/// Number of hexadecimal digits of the digest in a file name.
const DIGITS: usize = 8;

/// Replaces the model file at `path` with a component, after saving the champion (`champion` with
/// its name and version) in the folder of previous components. Returns a warning if older components
/// could not be removed.
///
/// # Errors
///
/// If the model file has changed since the run began, or a file cannot be written. The model file is
/// then unchanged.
pub(crate) fn publish(
    path: &Path,
    component: &[u8],
    champion: Option<&[u8]>,
    (name, version): (&str, &str),
) -> Result<Option<String>> {
    ensure!(
        fs::read(path).ok().as_deref() == champion,
        "{} was replaced while the challenger was trained",
        path.display()
    );
    let mut warning = None;
    if let Some(champion) = champion {
        let digest = format!("{:x}", Sha256::digest(champion));
        let plain = |text: &str| text.replace(|c: char| !is_plain(c), "_");
        let file = format!(
            "{}-{}-{}.wasm",
            plain(name),
            plain(version),
            &digest[..DIGITS]
        );
        let folder = path.with_file_name(FOLDER);
        write(&folder.join(file), champion).context("cannot save the champion")?;
        warning = prune(&folder).err().map(|error| {
            format!(
                "cannot remove old components from {}: {error}",
                folder.display()
            )
        });
    }
    write(path, component)?;
    Ok(warning)
}

/// Removes all but the newest components from a folder.
fn prune(folder: &Path) -> io::Result<()> {
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

/// Whether a character is used unchanged in a file name.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".+-_".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ten_previous_components_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.wasm");
        write(&path, b"0").unwrap();
        for number in 1..=12_u8 {
            let champion = fs::read(&path).unwrap();
            let version = format!("1/{number}");
            publish(&path, &[number], Some(&champion), ("demand", &version)).unwrap();
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
    fn a_file_that_was_replaced_by_someone_else_is_left_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.wasm");
        write(&path, b"theirs").unwrap();
        let error = publish(&path, b"ours", Some(b"old"), ("demand", "1")).unwrap_err();
        assert!(error.to_string().contains("was replaced"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert!(!folder.path().join(FOLDER).exists());
    }
}
