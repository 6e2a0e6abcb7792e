use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::DatasetError;

/// The folder for downloads: `$CANOPY_CACHE_DIR`, otherwise `$XDG_CACHE_HOME/canopy`,
/// otherwise `~/.cache/canopy`.
pub(crate) fn folder() -> PathBuf {
    let variable = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("CANOPY_CACHE_DIR")
        .or_else(|| variable("XDG_CACHE_HOME").map(|cache| cache.join("canopy")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/canopy")))
        .unwrap_or_else(|| ".cache".into())
}

/// Writes a file so that it is there in whole or not at all.
pub(crate) fn keep(folder: &Path, name: &str, text: &[u8]) -> Result<(), DatasetError> {
    let path = folder.join(name);
    let write = || {
        fs::create_dir_all(folder)?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(text)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(())
    };
    write().map_err(|source: io::Error| DatasetError::Cache {
        path: path.clone(),
        source,
    })
}
