//! Opens models and decides which version serves.
//!
//! This takes two steps. [`Opener::open`] finds and loads the version: it is slow, because of the
//! compilation, and writes nothing. [`Opened::register`] records the result on disk and is fast
//! enough to run under a lock.

use std::path::Path;
use std::sync::Arc;

use canopy_runtime::{Component, Digest};
use tracing::{error, warn};

use super::candidate::{Candidate, Plan};
use super::config::GivenModel;
use super::error::OpenError;
use super::folder::Folder;
use super::loader::Loader;
use super::name::ModelName;
use super::registered::RegisteredModel;
use super::source::Source;
use super::store::VersionStore;
use super::version::Version;
use crate::loaded_model::LoadedModel;
use crate::metrics::ModelMetrics;
use crate::monitoring::{History, State};

/// Finds and loads the versions of models.
pub(super) struct Opener<'a> {
    pub(super) loader: &'a Loader,
    pub(super) folder: &'a Folder,
}

/// A model that has been loaded but not yet registered.
pub(super) struct Opened {
    pub(super) name: ModelName,
    loaded: Arc<LoadedModel>,
    file: Option<(Source, Component)>,
    store: Option<VersionStore>,
    /// The version that serves because later ones can no longer be loaded.
    fallback: Option<Digest>,
    trial: Option<(Arc<LoadedModel>, Plan)>,
}

impl Opener<'_> {
    /// Opens a model given on the command line, whose file must be valid.
    pub(super) fn open_given(&self, given: &GivenModel) -> Result<Opened, OpenError> {
        let source = Source::new(&given.path, true);
        let file = self.read(&given.path)?;
        // Without a given name, the component's description determines it.
        let (name, loaded) = match &given.name {
            Some(name) => (name.clone(), None),
            None => {
                let loaded = self.load(&given.path, &file)?;
                let own = &loaded.model().info().name;
                (own.parse().map_err(OpenError::Name)?, Some(loaded))
            }
        };
        let store = self.folder.store(&name)?;
        let stored = match &store {
            Some(store) if store.state().file == Some(file.digest()) => {
                self.last_served(&name, store)
            }
            _ => None,
        };
        let (loaded, fallback) = match (stored, loaded) {
            (Some(stored), _) => stored,
            (None, Some(loaded)) => (loaded, None),
            (None, None) => (self.load(&given.path, &file)?, None),
        };
        Ok(self.opened(name, loaded, Some((source, file)), store, fallback))
    }

    /// Opens a model in the folder: from its file if that has changed and is valid, otherwise with
    /// the version that served last.
    pub(super) fn open(&self, name: &ModelName, path: Option<&Path>) -> Result<Opened, OpenError> {
        let source = path.map(|path| Source::new(path, false));
        let file = match path {
            Some(path) => Some((path, self.read(path)?)),
            None => None,
        };
        let store = self.folder.store(name)?;
        let stored = || self.last_served(name, store.as_ref()?);
        let is_known = match (&file, &store) {
            (Some((_, file)), Some(store)) => store.state().file == Some(file.digest()),
            (file, _) => file.is_none(),
        };
        let (loaded, fallback) = match (is_known.then(stored).flatten(), &file) {
            (Some(stored), _) => stored,
            (None, None) => return Err(OpenError::NoVersion(name.clone())),
            (None, Some((path, file))) => match self.load(path, file) {
                Ok(loaded) => (loaded, None),
                Err(error) => {
                    let stored = stored().ok_or(error)?;
                    error!(model = %name, "the file cannot be loaded; serving the previous version");
                    stored
                }
            },
        };
        let file = source.zip(file.map(|(_, file)| file));
        Ok(self.opened(name.clone(), loaded, file, store, fallback))
    }

    fn opened(
        &self,
        name: ModelName,
        loaded: Arc<LoadedModel>,
        file: Option<(Source, Component)>,
        store: Option<VersionStore>,
        fallback: Option<Digest>,
    ) -> Opened {
        let store_of_ours = store.as_ref().filter(|store| store.is_writable());
        let trial = store_of_ours.and_then(|store| self.trial(&name, store));
        Opened {
            name,
            loaded,
            file,
            store,
            fallback,
            trial,
        }
    }

    /// Loads the version on trial, with the plan of the trial.
    pub(super) fn trial(
        &self,
        name: &ModelName,
        store: &VersionStore,
    ) -> Option<(Arc<LoadedModel>, Plan)> {
        let trial = store.state().candidate?;
        let candidate = self.load_stored(name, store, trial.digest)?;
        Some((candidate, trial.plan))
    }

    fn read(&self, path: &Path) -> Result<Component, OpenError> {
        self.loader.read(path).map_err(|source| OpenError::Read {
            path: path.to_owned(),
            source,
        })
    }

    fn load(&self, path: &Path, file: &Component) -> Result<Arc<LoadedModel>, OpenError> {
        self.loader.load(file).map_err(OpenError::load(path))
    }

    /// Loads the version that served last or, if that can no longer be loaded, an earlier one. The
    /// digest is that of the earlier version.
    fn last_served(
        &self,
        model: &ModelName,
        store: &VersionStore,
    ) -> Option<(Arc<LoadedModel>, Option<Digest>)> {
        let state = store.state();
        let last = *state.served.last()?;
        if let Some(loaded) = self.load_stored(model, store, last) {
            return Some((loaded, None));
        }
        let loaded = self.first_loadable(model, store, state.before(last))?;
        let digest = loaded.model().digest();
        Some((loaded, Some(digest)))
    }

    /// Loads the first of the given versions that can be loaded.
    pub(super) fn first_loadable(
        &self,
        model: &ModelName,
        store: &VersionStore,
        mut digests: impl Iterator<Item = Digest>,
    ) -> Option<Arc<LoadedModel>> {
        digests.find_map(|digest| self.load_stored(model, store, digest))
    }

    /// Loads a stored version; `None` if that fails.
    pub(super) fn load_stored(
        &self,
        model: &ModelName,
        store: &VersionStore,
        digest: Digest,
    ) -> Option<Arc<LoadedModel>> {
        let component = store.read(digest).map_err(anyhow::Error::from);
        let loaded = component.and_then(|component| Ok(self.loader.load(&component)?));
        loaded
            .inspect_err(|error| {
                let error = format!("{error:#}");
                error!(%model, %digest, error, "a stored version can no longer be loaded");
            })
            .ok()
    }
}

impl Opened {
    /// Records the serving version on disk, unless another host does. Restores the live window and resumes the trial that there
    /// were when the host stopped.
    pub(super) fn register(
        self,
        window: usize,
        state: Option<&Arc<State>>,
    ) -> Result<RegisteredModel, OpenError> {
        let Self {
            name,
            loaded,
            file,
            store,
            fallback,
            trial,
        } = self;
        let writable = store.as_ref().filter(|store| store.is_writable());
        if let (Some(store), Some(digest)) = (writable, fallback)
            && let Err(error) = store.note(|state| state.roll_back(digest))
        {
            warn!(model = %name, %error, "cannot record that an earlier version is serving");
        }
        if let (Some(store), Some((_, file))) = (writable, &file)
            && loaded.model().digest() == file.digest()
        {
            let recorded = store.add(&loaded, file, |state| {
                state.serve(file.digest());
                state.file = Some(file.digest());
            });
            if let Err(error) = recorded {
                warn!(model = %name, %error, "cannot store the version; only its file exists");
            }
        }
        let metrics = ModelMetrics::new(name.as_str())?;
        let version = |loaded| Arc::new(Version::new(loaded, window, &metrics));
        let serving = version(loaded);
        let history = History::of(name.as_str(), state);
        let candidate = trial.map(|(candidate, plan)| {
            let candidate = Candidate::new(version(candidate), plan, &serving.loaded);
            Arc::new(candidate)
        });
        let source = file.map(|(source, _)| source);
        let model =
            RegisteredModel::new(name, metrics, Arc::clone(&serving), source, store, history);
        if let Some(state) = state {
            model.restore_window(state);
        }
        if candidate.is_some() {
            model.switch(serving, candidate);
        }
        Ok(model)
    }
}
