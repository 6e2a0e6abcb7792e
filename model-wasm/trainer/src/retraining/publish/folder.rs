//! Folders of components beside the model file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;

use crate::write::write;

/// Number of components that are kept in a folder.
const KEPT: usize = 10;
/// Number of hexadecimal digits of the digest in a file name.
const DIGITS: usize = 8;

/// The name of the file of a component, which tells people what it is.
pub(super) fn file_name(name: &str, version: &str, digest: &str) -> String {
    let plain = |text: &str| text.replace(|c: char| !is_plain(c), "_");
    let digest = digest.get(..DIGITS).unwrap_or(digest);
    format!("{}-{}-{digest}.wasm", plain(name), plain(version))
}

/// Writes a component and removes all but the newest ones from its folder. Returns a warning if older
/// ones could not be removed.
///
/// # Errors
///
/// If the component cannot be written.
pub(super) fn keep(path: &Path, component: &[u8]) -> Result<Option<String>> {
    write(path, component)?;
    let folder = path.with_file_name("");
    Ok(prune(&folder).err().map(|error| {
        format!(
            "cannot remove old components from {}: {error}",
            folder.display()
        )
    }))
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
