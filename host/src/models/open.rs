//! Loading models and their versions.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::error;

use super::candidate::Candidate;
use super::name::ModelName;
use super::shelf::Shelf;
use super::slot::Slot;
use super::source::Source;
use super::version::Version;
use crate::config::ServeConfig;
use crate::host::HostError;
use crate::metrics::{Metrics, ModelMetrics};
use crate::runtime::{LoadError, Runtime, digest};
use crate::served::Served;

/// Loads models as the host is configured.
pub(super) struct Opener {
    runtime: Runtime,
    config: ServeConfig,
    metrics: Arc<Metrics>,
}

impl Opener {
    pub(super) fn new(runtime: Runtime, config: ServeConfig, metrics: Arc<Metrics>) -> Self {
        Self {
            runtime,
            config,
            metrics,
        }
    }

    /// Loads and checks a component, with an instance for every thread that answers requests.
    pub(super) fn load(&self, component: &[u8]) -> Result<Served, LoadError> {
        let load = || {
            let model = self.runtime.load(component)?;
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            let warmed = model.warm(u32::try_from(threads).unwrap_or(1));
            warmed.map_err(|source| LoadError::Call {
                function: "instantiate",
                source,
            })?;
            Ok(Served::new(model))
        };
        load().inspect_err(|error| self.metrics.load_rejected(error))
    }

    /// Reads a component, or as much of it as shows that it is too large.
    pub(super) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let most = self.config.limits.component_limit.as_u64();
        let mut component = Vec::new();
        File::open(path)?
            .take(most + 1)
            .read_to_end(&mut component)?;
        Ok(component)
    }

    /// A version of a model.
    pub(super) fn version(&self, served: Served, metrics: &ModelMetrics) -> Arc<Version> {
        Arc::new(Version::new(served, self.config.live.window, metrics))
    }

    /// Where the versions of a model are kept, if anywhere.
    pub(super) fn folder(&self, name: &ModelName) -> Option<PathBuf> {
        let folder = self.config.models.folder.as_ref();
        folder.map(|folder| folder.join(name.as_str()))
    }

    /// Most versions that are kept of a model.
    pub(super) fn keep(&self) -> usize {
        self.config.models.keep_versions
    }

    /// Most models.
    pub(super) fn most(&self) -> usize {
        self.config.models.most()
    }

    /// Whether the operator named this file.
    pub(super) fn is_given(&self, path: &Path) -> bool {
        let path = path.canonicalize().ok();
        let mut given = self.config.models.files.iter();
        path.is_some() && given.any(|given| given.path.canonicalize().ok() == path)
    }

    /// Removes what a crash left of a model that was being created or retired, which is no model:
    /// whatever is not named in an index.
    pub(super) fn sweep(&self) {
        let folder = self.config.models.folder.as_ref();
        let entries = folder.and_then(|folder| fs::read_dir(folder).ok());
        for entry in entries.into_iter().flatten().flatten() {
            Shelf::sweep(&entry.path());
        }
    }

    /// The models of the folder: files `NAME.wasm`, and folders of versions `NAME`.
    pub(super) fn found(&self) -> io::Result<BTreeMap<ModelName, Option<PathBuf>>> {
        let mut found = BTreeMap::new();
        let Some(folder) = &self.config.models.folder else {
            return Ok(found);
        };
        fs::create_dir_all(folder)?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            let stem = name.strip_suffix(".wasm");
            match stem.unwrap_or(name).parse::<ModelName>() {
                Ok(name) if stem.is_some() && path.is_file() && !self.is_given(&path) => {
                    found.insert(name, Some(path));
                }
                Ok(name) if stem.is_none() && Shelf::is_one(&path) => {
                    found.entry(name).or_insert(None);
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// Opens a model: from its file if that is another one than before, otherwise in the version
    /// that served last.
    pub(super) fn open(
        &self,
        name: Option<&ModelName>,
        path: Option<&Path>,
    ) -> Result<Slot, HostError> {
        let source = path.map(Source::new);
        let file = path.map(|path| Watched::read(self, path)).transpose()?;
        // Without a name the component says what it is called.
        let mut loaded = None;
        let name = match (name, &file) {
            (Some(name), _) => name.clone(),
            (None, Some(file)) => {
                let served = loaded.insert(file.load()?);
                let own = &served.model().info().name;
                own.parse().map_err(HostError::Name)?
            }
            (None, None) => return Err(HostError::NoDefault(None)),
        };
        let shelf = match self.folder(&name) {
            Some(folder) => {
                let shelf = Shelf::open(&folder, self.keep());
                Some(shelf.map_err(HostError::Folder)?)
            }
            None => None,
        };
        let kept = shelf
            .as_ref()
            .filter(|shelf| {
                file.as_ref()
                    .is_none_or(|file| shelf.state().file.as_ref() == Some(&file.digest))
            })
            .and_then(|shelf| self.last_served(&name, shelf));
        let served = match (kept, loaded, &file) {
            (Some(served), _, _) | (None, Some(served), _) => served,
            (None, None, Some(file)) => file.load()?,
            (None, None, None) => return Err(HostError::NoVersion(name)),
        };
        if let (Some(shelf), Some(file)) = (&shelf, &file)
            && served.model().digest() == file.digest
        {
            let noted = shelf.add(&served, &file.component, |state| {
                state.serve(&file.digest);
                state.file = Some(file.digest.clone());
            });
            noted.map_err(HostError::Folder)?;
        }
        let slot = self.slot(name, served, source, shelf)?;
        self.resume_trial(&slot);
        Ok(slot)
    }

    /// A model with its metrics.
    pub(super) fn slot(
        &self,
        name: ModelName,
        served: Served,
        source: Option<Source>,
        shelf: Option<Shelf>,
    ) -> Result<Slot, prometheus::Error> {
        let metrics = ModelMetrics::new(name.as_str())?;
        let version = self.version(served, &metrics);
        Ok(Slot::new(name, metrics, version, source, shelf))
    }

    /// The version that served last, or one before it if that is no longer fit to serve.
    fn last_served(&self, model: &ModelName, shelf: &Shelf) -> Option<Served> {
        let state = shelf.state();
        state.served.iter().rev().find_map(|digest| {
            let component = shelf.read(digest).map_err(anyhow::Error::from);
            let served =
                component.and_then(|component| self.load(&component).map_err(anyhow::Error::from));
            served
                .inspect_err(|error| {
                    let error = format!("{error:#}");
                    error!(%model, digest, error, "a kept version cannot be served any more");
                })
                .ok()
        })
    }

    /// Puts the version on trial that was on trial when the host ended.
    fn resume_trial(&self, slot: &Slot) {
        let Some(shelf) = &slot.shelf else { return };
        let Some(trial) = shelf.state().candidate else {
            return;
        };
        let loaded = shelf
            .read(&trial.digest)
            .map_err(anyhow::Error::from)
            .and_then(|component| self.load(&component).map_err(anyhow::Error::from));
        match loaded {
            Ok(served) => {
                let serving = slot.serving();
                let version = self.version(served, &slot.metrics);
                let candidate = Candidate::new(version, trial.plan, &serving.served);
                slot.switch(serving, Some(Arc::new(candidate)));
            }
            Err(error) => {
                let (model, error) = (&slot.name, format!("{error:#}"));
                error!(%model, error, "the trial cannot be resumed");
            }
        }
    }
}

/// A watched file that was read.
struct Watched<'a> {
    opener: &'a Opener,
    path: &'a Path,
    component: Vec<u8>,
    digest: String,
}

impl<'a> Watched<'a> {
    fn read(opener: &'a Opener, path: &'a Path) -> Result<Self, HostError> {
        let component = opener.read(path).map_err(|source| HostError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            digest: digest(&component),
            opener,
            path,
            component,
        })
    }

    fn load(&self) -> Result<Served, HostError> {
        let loaded = self.opener.load(&self.component);
        loaded.map_err(|source| HostError::Load {
            path: self.path.to_owned(),
            source,
        })
    }
}
