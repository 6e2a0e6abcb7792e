//! The folder of models: component files and version stores.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use canopy_disk as disk;
use tracing::warn;

use super::access::Access;
use super::change::ChangeError;
use super::config::Config;
use super::error::OpenError;
use super::name::ModelName;
use super::store::VersionStore;

/// The folder of models, which a host need not have.
pub(super) struct Folder {
    config: Config,
    /// `None` without a folder.
    access: Option<Arc<Access>>,
}

impl Folder {
    /// Opens the folder, creating it if it does not exist. The host that writes to it removes the
    /// remains of models that were being created or retired when it crashed.
    pub(super) fn open(config: Config) -> Result<Self, OpenError> {
        let access = config.folder.as_deref().map(|folder| {
            let opened = create(folder).and_then(|()| Access::open(folder));
            opened.map(Arc::new).map_err(OpenError::folder(folder))
        });
        let folder = Self {
            access: access.transpose()?,
            config,
        };
        folder.sweep();
        Ok(folder)
    }

    /// Checks that this host writes to the folder.
    pub(super) fn check(&self) -> Result<(), ChangeError> {
        let access = self.access.as_ref().ok_or(ChangeError::NotKept)?;
        access.check()
    }

    /// Who writes to the folder, if that is another host.
    pub(super) fn holder(&self) -> Option<String> {
        self.access.as_ref()?.holder()
    }

    /// Whether this host has a folder to which it does not write.
    pub(super) fn is_followed(&self) -> bool {
        self.access.as_ref().is_some_and(|it| !it.is_writer())
    }

    /// Becomes the one who writes, if the other host has ended; returns whether that happened now.
    pub(super) fn take_over(&self) -> bool {
        self.access
            .as_ref()
            .is_some_and(|access| access.take_over())
    }

    /// Removes the remains of models that were being created or retired when their host crashed.
    pub(super) fn sweep(&self) {
        if self.check().is_ok() {
            for path in self.entries() {
                VersionStore::sweep(&path);
            }
        }
    }

    /// The path of a model's version store.
    pub(super) fn versions_of(&self, name: &ModelName) -> Option<PathBuf> {
        Some(self.config.folder.as_ref()?.join(name.as_str()))
    }

    /// The path of a model's index of versions.
    pub(super) fn index_of(&self, name: &ModelName) -> Option<PathBuf> {
        Some(VersionStore::index(&self.versions_of(name)?))
    }

    /// Opens the version store of a model; `None` if versions cannot be stored.
    pub(super) fn store(&self, name: &ModelName) -> Result<Option<VersionStore>, OpenError> {
        let (Some(folder), Some(access)) = (self.versions_of(name), &self.access) else {
            return Ok(None);
        };
        let store = VersionStore::open(&folder, self.config.keep_versions(), Arc::clone(access));
        store.map(Some).map_err(OpenError::folder(&folder))
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
        if self.check().is_ok()
            && self.default_model().as_ref() != Some(name)
            && let Some(file) = self.default_file()
            && let Err(error) = disk::write(&file, name.as_str().as_bytes())
        {
            warn!(%error, "cannot remember the default model; it may be a different one after a restart");
        }
    }

    /// The file that remembers the default model; `None` if the command line determines it.
    fn default_file(&self) -> Option<PathBuf> {
        let folder = self.config.folder.as_ref()?;
        let is_free = self.config.default.is_none() && self.config.files().next().is_none();
        is_free.then(|| folder.join(".default"))
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

/// Creates the folder unless it exists.
fn create(folder: &Path) -> io::Result<()> {
    match fs::create_dir_all(folder) {
        // Where it cannot be created, it may be there nevertheless.
        Err(_) if folder.is_dir() => Ok(()),
        created => created,
    }
}
