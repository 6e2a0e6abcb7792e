//! The registry of all models; every change goes through it.

mod membership;
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
use rayon::prelude::*;
use tracing::error;

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
    models: ArcSwap<BTreeMap<ModelName, Arc<RegisteredModel>>>,
    default: ArcSwapOption<RegisteredModel>,
    /// Models that were unloaded, with the files they come from.
    unloaded: Mutex<BTreeMap<ModelName, Option<PathBuf>>>,
    /// Files in the folder that could not be loaded, in the state they were in at that time.
    rejected: Mutex<BTreeMap<PathBuf, Source>>,
    changing: Mutex<()>,
}

impl Registry {
    /// Loads every configured model with the version that served last, using all cores.
    ///
    /// # Errors
    ///
    /// If a model given on the command line or the default model cannot be loaded, or there are too
    /// many models.
    pub(crate) fn open(
        config: Config,
        runtime: Runtime,
        metrics: Arc<Metrics>,
        component_limit: u64,
        window: usize,
    ) -> Result<Self, OpenError> {
        let folder = Folder::open(config.clone())?;
        let registry = Self {
            loader: Loader::new(runtime, metrics, component_limit),
            folder,
            window,
            models: ArcSwap::default(),
            default: ArcSwapOption::empty(),
            unloaded: Mutex::default(),
            rejected: Mutex::default(),
            changing: Mutex::default(),
            config,
        };
        registry.open_all()?;
        Ok(registry)
    }

    fn open_all(&self) -> Result<(), OpenError> {
        let opener = self.opener();
        let default = self.folder.default_model();
        let given: Vec<_> = self.config.files().collect();
        let opened: Vec<_> = given.par_iter().map(|it| opener.open_given(it)).collect();
        let mut models = BTreeMap::new();
        let mut first = None;
        for (given, opened) in given.iter().zip(opened) {
            let model = opened?.register(self.window)?;
            let name = model.name.clone();
            first.get_or_insert_with(|| name.clone());
            if models.insert(name, Arc::new(model)).is_some() {
                return Err(OpenError::Twice(given.path.clone()));
            }
        }
        let found = self.folder.found().into_iter();
        let found: Vec<_> = found
            .filter(|(name, _)| !models.contains_key(name))
            .collect();
        let opened: Vec<_> = found
            .into_par_iter()
            .map(|(name, path)| {
                let opened = opener.open(&name, path.as_deref());
                (name, path, opened)
            })
            .collect();
        for (name, path, opened) in opened {
            match opened.and_then(|opened| opened.register(self.window)) {
                Ok(model) => {
                    models.insert(name, Arc::new(model));
                }
                Err(error) if default.as_ref() == Some(&name) => return Err(error),
                Err(error) => {
                    let (model, error) = (name, describe(error));
                    error!(%model, error, "cannot load the model");
                    let mut rejected = self.rejected.lock();
                    rejected.extend(path.map(|path| (path.clone(), Source::new(&path, false))));
                }
            }
        }
        if models.len() > self.config.max_models() {
            return Err(OpenError::TooMany(models.len(), self.config.max_models()));
        }
        let default = match default.or(first) {
            Some(name) => Some(
                models
                    .get(&name)
                    .cloned()
                    .ok_or(OpenError::NoDefault(name))?,
            ),
            None => models.values().next().cloned(),
        };
        if let Some(default) = &default {
            self.folder.remember_default(&default.name);
        }
        self.default.store(default);
        self.models.store(Arc::new(models));
        Ok(())
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
        let model = opened.register(self.window);
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
        if self.default.load().is_none() {
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
