//! The files of a store.

use std::fs;
use std::path::{Path, PathBuf};

use canopy_runtime::Digest;

/// All files in a folder.
pub(super) fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path()))
}

/// The digest in the file name of a component.
pub(super) fn digest_of(path: &Path) -> Option<Digest> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(".wasm")?.parse().ok()
}
