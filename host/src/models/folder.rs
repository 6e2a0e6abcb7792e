//! The folder of models: component files and version stores.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use canopy_disk as disk;
use tracing::warn;

use super::config::Config;
use super::error::OpenError;
use super::name::ModelName;
use super::store::VersionStore;

/// The folder of models, which a host need not have.
pub(super) struct Folder {
    config: Config,
    /// Whether versions can be stored.
    is_writable: bool,
}

impl Folder {
    /// Opens the folder, creating it if it does not exist. Removes the remains of models that were
    /// being created or retired when the host crashed.
    pub(super) fn open(config: Config) -> Result<Self, OpenError> {
        let is_writable = match &config.folder {
            Some(folder) => is_writable(folder).map_err(OpenError::folder(folder))?,
            None => false,
        };
        let folder = Self {
            config,
            is_writable,
        };
        for path in folder.entries() {
            VersionStore::sweep(&path);
        }
        Ok(folder)
    }

    /// The path of a model's version store; `None` if versions cannot be stored.
    pub(super) fn versions_of(&self, name: &ModelName) -> Option<PathBuf> {
        let folder = self.config.folder.as_ref();
        let folder = folder.filter(|_| self.is_writable);
        folder.map(|folder| folder.join(name.as_str()))
    }

    /// Opens the version store of a model; `None` if versions cannot be stored.
    pub(super) fn store(&self, name: &ModelName) -> Result<Option<VersionStore>, OpenError> {
        let Some(folder) = &self.config.folder else {
            return Ok(None);
        };
        let folder = folder.join(name.as_str());
        match VersionStore::open(&folder, self.config.keep_versions()) {
            Ok(store) => Ok(Some(store)),
            Err(_) if !self.is_writable => Ok(None),
            Err(error) => Err(OpenError::folder(&folder)(error)),
        }
    }

    /// The models in the folder, each with its component file if it has one: files `NAME.wasm` and
    /// version stores `NAME`.
    pub(super) fn found(&self) -> BTreeMap<ModelName, Option<PathBuf>> {
        let mut found = BTreeMap::new();
        for path in self.entries() {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            let stem = name.strip_suffix(".wasm");
            match stem.unwrap_or(name).parse::<ModelName>() {
                Ok(name) if stem.is_some() && path.is_file() && !self.is_given(&path) => {
                    found.insert(name, Some(path));
                }
                Ok(name) if stem.is_none() && VersionStore::is_one(&path) => {
                    found.entry(name).or_insert(None);
                }
                _ => {}
            }
        }
        found
    }

    /// The name of the default model, if it was configured or remembered in the folder.
    pub(super) fn default_model(&self) -> Option<ModelName> {
        let remembered = || fs::read_to_string(self.default_file()?).ok()?.parse().ok();
        self.config.default.clone().or_else(remembered)
    }

    /// Remembers the default model in the folder, so that a model added later does not replace it.
    pub(super) fn remember_default(&self, name: &ModelName) {
        if let Some(file) = self
            .default_file()
            .filter(|_| self.default_model().is_none())
            && let Err(error) = disk::write(&file, name.as_str().as_bytes())
        {
            warn!(%error, "cannot remember the default model; it may be a different one after a restart");
        }
    }

    /// The file that remembers the default model; `None` if the command line determines it.
    fn default_file(&self) -> Option<PathBuf> {
        let folder = self.config.folder.as_ref()?;
        let decides = self.config.files().next().is_none() && self.is_writable;
        decides.then(|| folder.join(".default"))
    }

    /// Whether the file was given on the command line.
    fn is_given(&self, path: &Path) -> bool {
        let path = path.canonicalize().ok();
        let mut given = self.config.files();
        path.is_some() && given.any(|given| given.path.canonicalize().ok() == path)
    }

    fn entries(&self) -> impl Iterator<Item = PathBuf> + use<> {
        let folder = self.config.folder.as_ref();
        let entries = folder.and_then(|folder| fs::read_dir(folder).ok());
        let entries = entries.into_iter().flatten().flatten();
        entries.map(|entry| entry.path())
    }
}

/// Whether files can be written to a folder, which is created if it does not exist.
fn is_writable(folder: &Path) -> io::Result<bool> {
    let probe = folder.join(".probe");
    let probed = fs::create_dir_all(folder)
        // Needs no temporary name: the next start overwrites what a crash leaves.
        .and_then(|()| fs::write(&probe, b""))
        .and_then(|()| fs::remove_file(&probe));
    match probed {
        Ok(()) => Ok(true),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied
            ) && folder.is_dir() =>
        {
            warn!(?folder, %error, "the folder of models is read-only; models cannot be changed");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
