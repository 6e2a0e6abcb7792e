use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::DatasetError;

/// The folder for downloads: `$CANOPY_DATA_CACHE`, otherwise `$XDG_CACHE_HOME/canopy`,
/// otherwise `~/.cache/canopy`.
pub(crate) fn folder() -> PathBuf {
    folder_from(|variable| env::var_os(variable))
}

fn folder_from(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let path = |name| {
        variable(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    path("CANOPY_DATA_CACHE")
        // The former name, supported for one more version.
        .or_else(|| path("CANOPY_CACHE_DIR"))
        .or_else(|| path("XDG_CACHE_HOME").map(|cache| cache.join("canopy")))
        .or_else(|| path("HOME").map(|home| home.join(".cache/canopy")))
        .unwrap_or_else(|| ".cache".into())
}

/// Writes the file `name` to the folder, which is created if missing.
pub(crate) fn keep(folder: &Path, name: &str, text: &[u8]) -> Result<(), DatasetError> {
    let path = folder.join(name);
    fs::create_dir_all(folder)
        .and_then(|()| canopy_disk::write(&path, text))
        .map_err(|source| DatasetError::Cache { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_is_that_of_the_first_variable_set() {
        let variables = [
            ("CANOPY_DATA_CACHE", "/data", "/data"),
            ("CANOPY_CACHE_DIR", "/old", "/old"),
            ("XDG_CACHE_HOME", "/xdg", "/xdg/canopy"),
            ("HOME", "/home/me", "/home/me/.cache/canopy"),
        ];
        for (first, (_, _, expected)) in variables.iter().enumerate() {
            let set = &variables[first..];
            let folder = folder_from(|name| {
                let found = set.iter().find(|(variable, ..)| *variable == name);
                found.map(|(_, value, _)| value.into())
            });
            assert_eq!(folder, Path::new(expected));
        }
        assert_eq!(folder_from(|_| Some("".into())), Path::new(".cache"));
    }
}
