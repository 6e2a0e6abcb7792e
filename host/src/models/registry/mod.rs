//! The registry of all models; every change goes through it.

mod follow;
mod membership;
mod start;
mod trial;
mod upload;
mod watch;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use canopy_runtime::Runtime;
use parking_lot::{Mutex, MutexGuard};
use tracing::warn;

use super::change::{Change, ChangeError, Outcome};
use super::config::Config;
use super::error::OpenError;
use super::folder::Folder;
use super::loader::Loader;
use super::name::ModelName;
use super::open::{Opened, Opener};
use super::registered::RegisteredModel;
use super::source::Source;
use super::version::Version;
use crate::loaded_model::LoadedModel;
use crate::metrics::{Metrics, ModelMetrics};
use crate::monitoring::State;

/// The models of a host.
///
/// Loading is slow and happens without a lock. Under the lock, a change is first checked, then
/// recorded on disk and only then made visible, so that a restart restores the state that clients
/// last saw.
pub struct Registry {
    config: Config,
    loader: Loader,
    folder: Folder,
    /// Number of rows in the live window of a version.
    window: usize,
    /// What is kept of models for the next start.
    state: Option<Arc<State>>,
    models: ArcSwap<BTreeMap<ModelName, Arc<RegisteredModel>>>,
    default: ArcSwapOption<RegisteredModel>,
    /// Models that were unloaded, with the files they come from.
    unloaded: Mutex<BTreeMap<ModelName, Option<PathBuf>>>,
    /// Files in the folder that could not be loaded, in the state they were in at that time.
    rejected: Mutex<BTreeMap<PathBuf, Source>>,
    /// Models in the folder that are not served, with the reasons.
    unserved: Mutex<BTreeMap<ModelName, String>>,
    changing: Mutex<()>,
}

impl Registry {
    /// Loads the models with the versions that served last, using all cores.
    ///
    /// # Errors
    ///
    /// If a model given on the command line cannot be loaded, there are too many of them, or the
    /// default model does not exist. Models in the folder that cannot be loaded are not served, see
    /// [`Self::unserved`].
    pub(crate) fn open(
        config: Config,
        runtime: Runtime,
        metrics: Arc<Metrics>,
        component_limit: u64,
        window: usize,
        state: Option<Arc<State>>,
    ) -> Result<Self, OpenError> {
        let folder = Folder::open(config.clone())?;
        let registry = Self {
            loader: Loader::new(runtime, metrics, component_limit),
            folder,
            window,
            state,
            models: ArcSwap::default(),
            default: ArcSwapOption::empty(),
            unloaded: Mutex::default(),
            rejected: Mutex::default(),
            unserved: Mutex::default(),
            changing: Mutex::default(),
            config,
        };
        registry.open_all()?;
        Ok(registry)
    }

    /// Saves the live windows that have changed. What cannot be saved is tried again the next time.
    pub(crate) fn save_windows(&self) {
        let Some(state) = &self.state else { return };
        for model in self.all() {
            if let Err(error) = model.save_window(state) {
                warn!(model = %model.name, %error, "cannot save the live window");
            }
        }
    }

    /// Ends every compilation, and starts no more: the host stops.
    pub(crate) fn stop_compiling(&self) {
        self.loader.stop_compiling();
    }

    /// The model for requests that do not name one; `None` while there are no models.
    #[must_use]
    pub fn default(&self) -> Guard<Option<Arc<RegisteredModel>>> {
        self.default.load()
    }

    /// Like [`Self::default`], for holding it longer.
    #[must_use]
    pub fn default_owned(&self) -> Option<Arc<RegisteredModel>> {
        self.default.load_full()
    }

    /// The model with this name.
    #[must_use]
    pub fn get(&self, name: &ModelName) -> Option<Arc<RegisteredModel>> {
        self.models.load().get(name).cloned()
    }

    /// Models in the folder that are not served although they were not unloaded, with the reasons.
    #[must_use]
    pub fn unserved(&self) -> Vec<(ModelName, String)> {
        self.unserved.lock().clone().into_iter().collect()
    }

    /// The name of the model for requests that do not name one, while it is not served.
    #[must_use]
    pub fn missing_default(&self) -> Option<ModelName> {
        let is_missing = self.default.load().is_none();
        let name = self.folder.default_model().filter(|_| is_missing)?;
        self.unserved.lock().contains_key(&name).then_some(name)
    }

    /// Who writes to the folder of models, if that is another host.
    #[must_use]
    pub fn followed(&self) -> Option<String> {
        self.folder.holder()
    }

    /// Checks that this host may change what the folder of models has.
    ///
    /// # Errors
    ///
    /// If there is no folder, it is read-only or another host writes to it.
    pub fn check_writable(&self) -> Result<(), ChangeError> {
        self.folder.check()
    }

    /// All models in alphabetical order.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<RegisteredModel>> {
        self.models.load().values().cloned().collect()
    }

    fn opener(&self) -> Opener<'_> {
        Opener {
            loader: &self.loader,
            folder: &self.folder,
        }
    }

    fn version(&self, loaded: Arc<LoadedModel>, metrics: &ModelMetrics) -> Arc<Version> {
        Arc::new(Version::new(loaded, self.window, metrics))
    }

    /// Makes a version serve that is already recorded on disk. Ends any trial, since it compared the
    /// candidate with a different version.
    fn switch(
        &self,
        model: &RegisteredModel,
        loaded: Arc<LoadedModel>,
        outcome: Outcome,
    ) -> Change {
        let version = self.version(loaded, &model.metrics);
        model.switch(Arc::clone(&version), None);
        model.metrics.swap_attempted(true);
        Change::new(&model.name, &version, outcome)
    }

    /// Registers an opened model; `None` if its name is already taken. Requires the lock.
    fn register(&self, opened: Opened) -> Result<Option<Arc<RegisteredModel>>, ChangeError> {
        if self.get(&opened.name).is_some() {
            return Ok(None);
        }
        self.has_room()?;
        let model = opened.register(self.window, self.state.as_ref());
        let model = model.map_err(|error| ChangeError::Open(Box::new(error)))?;
        Ok(Some(self.insert(model)))
    }

    /// Checks that the limit on models is not reached.
    fn has_room(&self) -> Result<(), ChangeError> {
        let limit = self.config.max_models();
        if self.models.load().len() < limit {
            Ok(())
        } else {
            Err(ChangeError::TooMany(limit))
        }
    }

    fn insert(&self, model: RegisteredModel) -> Arc<RegisteredModel> {
        let model = Arc::new(model);
        self.unloaded.lock().remove(&model.name);
        self.unserved.lock().remove(&model.name);
        // No other model takes the place of a default model that is not served.
        if self.default.load().is_none() && self.missing_default().is_none() {
            self.folder.remember_default(&model.name);
            self.default.store(Some(Arc::clone(&model)));
        }
        self.change_models(|models| match models.entry(model.name.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Arc::clone(&model));
            }
            Entry::Occupied(_) => unreachable!("the caller checked the name under the lock"),
        });
        model
    }

    /// Removes a model from the registry. Rejected files are tried again, since there is now room for
    /// another model.
    fn remove(&self, name: &ModelName) {
        self.change_models(|models| {
            models.remove(name);
        });
        self.rejected.lock().clear();
    }

    /// Changes the map of models. Requires the lock.
    fn change_models(&self, change: impl FnOnce(&mut BTreeMap<ModelName, Arc<RegisteredModel>>)) {
        let mut models = BTreeMap::clone(&self.models.load());
        change(&mut models);
        self.models.store(Arc::new(models));
    }

    /// Checks that a model was not removed before the lock was acquired.
    fn is_current(&self, model: &Arc<RegisteredModel>) -> Result<(), ChangeError> {
        let current = self.known(&model.name)?;
        if Arc::ptr_eq(&current, model) {
            Ok(())
        } else {
            Err(ChangeError::Raced(model.name.clone()))
        }
    }

    fn known(&self, name: &ModelName) -> Result<Arc<RegisteredModel>, ChangeError> {
        self.get(name)
            .ok_or_else(|| ChangeError::Unknown(name.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.changing.lock()
    }
}

/// An error with its causes, in one line.
fn describe(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
