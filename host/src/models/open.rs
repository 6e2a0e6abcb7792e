//! Loading models and their versions.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::{error, warn};

use super::candidate::Candidate;
use super::name::ModelName;
use super::shelf::Shelf;
use super::slot::Slot;
use super::source::Source;
use super::version::Version;
use crate::config::{GivenModel, ServeConfig};
use crate::disk;
use crate::host::HostError;
use crate::metrics::{Metrics, ModelMetrics};
use crate::runtime::{LoadError, Runtime, digest};
use crate::served::Served;

/// Loads models as the host is configured.
pub(super) struct Opener {
    runtime: Runtime,
    config: ServeConfig,
    metrics: Arc<Metrics>,
    /// Whether versions can be kept.
    is_writable: bool,
}

impl Opener {
    /// # Errors
    ///
    /// If the folder of models cannot be made.
    pub(super) fn new(
        runtime: Runtime,
        config: ServeConfig,
        metrics: Arc<Metrics>,
    ) -> Result<Self, HostError> {
        let is_writable = match &config.models.folder {
            Some(folder) => is_writable(folder).map_err(HostError::folder(folder))?,
            None => false,
        };
        Ok(Self {
            runtime,
            config,
            metrics,
            is_writable,
        })
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

    /// Where the versions of a model are kept, if they can be.
    pub(super) fn folder(&self, name: &ModelName) -> Option<PathBuf> {
        let folder = self.config.models.folder.as_ref();
        let folder = folder.filter(|_| self.is_writable);
        folder.map(|folder| folder.join(name.as_str()))
    }

    /// The default model, if that was said, here or when the folder was first used.
    pub(super) fn default(&self) -> Option<ModelName> {
        let remembered = || fs::read_to_string(self.default_file()?).ok()?.parse().ok();
        self.config.models.default.clone().or_else(remembered)
    }

    /// Remembers which model is the default one, so that a new one does not take its place.
    pub(super) fn remember_default(&self, name: &ModelName) {
        if let Some(file) = self.default_file().filter(|_| self.default().is_none())
            && let Err(error) = disk::write(&file, name.as_str().as_bytes())
        {
            warn!(%error, "the default model may be another one after a restart");
        }
    }

    /// Only where the folder decides: a model of the command line is the default one otherwise.
    fn default_file(&self) -> Option<PathBuf> {
        let models = &self.config.models;
        let folder = models.folder.as_ref()?;
        let decides = models.files.is_empty() && self.is_writable;
        decides.then(|| folder.join(".default"))
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
    fn is_given(&self, path: &Path) -> bool {
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
    pub(super) fn found(&self) -> BTreeMap<ModelName, Option<PathBuf>> {
        let mut found = BTreeMap::new();
        let folder = self.config.models.folder.as_ref();
        let entries = folder.and_then(|folder| fs::read_dir(folder).ok());
        for entry in entries.into_iter().flatten().flatten() {
            let path = entry.path();
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
        found
    }

    /// Opens a model of the command line: its file must be fit to serve.
    pub(super) fn open_given(&self, given: &GivenModel) -> Result<Slot, HostError> {
        let source = Source::new(&given.path, true);
        let file = Watched::read(self, &given.path)?;
        // Without a name the component says what it is called.
        let (name, served) = match &given.name {
            Some(name) => (name.clone(), None),
            None => {
                let served = file.load()?;
                let own = &served.model().info().name;
                (own.parse().map_err(HostError::Name)?, Some(served))
            }
        };
        let shelf = self.shelf(&name)?;
        let kept = match &shelf {
            Some(shelf) if shelf.state().file.as_ref() == Some(&file.digest) => {
                self.last_served(&name, shelf)
            }
            _ => None,
        };
        let served = match kept.or(served) {
            Some(served) => served,
            None => file.load()?,
        };
        self.finish(name, served, Some((source, file)), shelf)
    }

    /// Opens a model of the folder: from its file if that is another one than before and fit to
    /// serve, otherwise in the version that served last.
    pub(super) fn open(&self, name: &ModelName, path: Option<&Path>) -> Result<Slot, HostError> {
        let source = path.map(|path| Source::new(path, false));
        let file = path.map(|path| Watched::read(self, path)).transpose()?;
        let shelf = self.shelf(name)?;
        let kept = || self.last_served(name, shelf.as_ref()?);
        let is_known = match (&file, &shelf) {
            (Some(file), Some(shelf)) => shelf.state().file.as_ref() == Some(&file.digest),
            (file, _) => file.is_none(),
        };
        let served = match (is_known.then(kept).flatten(), &file) {
            (Some(served), _) => served,
            (None, None) => return Err(HostError::NoVersion(name.clone())),
            (None, Some(file)) => file.load().or_else(|error| {
                let served = kept().ok_or(error)?;
                error!(model = %name, "the file is not fit to serve, the version before it serves");
                Ok::<_, HostError>(served)
            })?,
        };
        self.finish(name.clone(), served, source.zip(file), shelf)
    }

    /// The versions of a model on disk, if there is a folder for them.
    fn shelf(&self, name: &ModelName) -> Result<Option<Shelf>, HostError> {
        let Some(folder) = &self.config.models.folder else {
            return Ok(None);
        };
        let folder = folder.join(name.as_str());
        match Shelf::open(&folder, self.keep()) {
            Ok(shelf) => Ok(Some(shelf)),
            Err(_) if !self.is_writable => Ok(None),
            Err(error) => Err(HostError::folder(&folder)(error)),
        }
    }

    fn finish(
        &self,
        name: ModelName,
        served: Served,
        file: Option<(Source, Watched<'_>)>,
        shelf: Option<Shelf>,
    ) -> Result<Slot, HostError> {
        if let (Some(shelf), Some((_, file))) = (&shelf, &file)
            && served.model().digest() == file.digest
        {
            let noted = shelf.add(&served, &file.component, |state| {
                state.serve(&file.digest);
                state.file = Some(file.digest.clone());
            });
            if let Err(error) = noted {
                warn!(model = %name, %error, "the version is not kept, only its file is");
            }
        }
        let slot = self.slot(name, served, file.map(|(source, _)| source), shelf)?;
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
        let last = state.served.last()?;
        if let Some(served) = self.kept(model, shelf, last) {
            return Some(served);
        }
        let (digest, served) = self.first_sound(model, shelf, state.before(last))?;
        if let Err(error) = shelf.note(|state| state.roll_back(&digest)) {
            warn!(%model, %error, "it cannot be noted that an older version serves");
        }
        Some(served)
    }

    /// The first of some versions that is fit to serve.
    pub(super) fn first_sound<'a>(
        &self,
        model: &ModelName,
        shelf: &Shelf,
        mut digests: impl Iterator<Item = &'a String>,
    ) -> Option<(String, Served)> {
        digests.find_map(|digest| Some((digest.clone(), self.kept(model, shelf, digest)?)))
    }

    /// A version that is kept, if it is fit to serve still.
    fn kept(&self, model: &ModelName, shelf: &Shelf, digest: &str) -> Option<Served> {
        let component = shelf.read(digest).map_err(anyhow::Error::from);
        let served = component.and_then(|component| Ok(self.load(&component)?));
        served
            .inspect_err(|error| {
                let error = format!("{error:#}");
                error!(%model, digest, error, "a kept version cannot be served any more");
            })
            .ok()
    }

    /// Puts the version on trial that was on trial when the host ended.
    fn resume_trial(&self, slot: &Slot) {
        let Some(shelf) = &slot.shelf else { return };
        let Some(trial) = shelf.state().candidate else {
            return;
        };
        if let Some(served) = self.kept(&slot.name, shelf, &trial.digest) {
            let serving = slot.serving();
            let version = self.version(served, &slot.metrics);
            let candidate = Candidate::new(version, trial.plan, &serving.served);
            slot.switch(serving, Some(Arc::new(candidate)));
        }
    }
}

/// Whether files can be written to a folder, which is made if it is not there.
fn is_writable(folder: &Path) -> io::Result<bool> {
    let probe = folder.join(".probe");
    let probed = fs::create_dir_all(folder)
        .and_then(|()| disk::write(&probe, b""))
        .and_then(|()| fs::remove_file(&probe));
    match probed {
        Ok(()) => Ok(true),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied
            ) && folder.is_dir() =>
        {
            warn!(?folder, %error, "models can be read but not changed");
            Ok(false)
        }
        Err(error) => Err(error),
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
