//! All models of a host; every change of one goes through here.

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
/// Loading takes long and is done without a lock; a change is compared, noted on disk and switched
/// under one, in this order, so that what serves after a restart is what served before it.
pub struct Registry {
    config: Config,
    loader: Loader,
    folder: Folder,
    /// Rows in the sliding window of a version.
    window: usize,
    models: ArcSwap<BTreeMap<ModelName, Arc<RegisteredModel>>>,
    default: ArcSwapOption<RegisteredModel>,
    /// Models that are not served until they are loaded again, and the files they come from.
    unloaded: Mutex<BTreeMap<ModelName, Option<PathBuf>>>,
    /// Files in the folder that are not served, as they were when they were tried.
    unfit: Mutex<BTreeMap<PathBuf, Source>>,
    changing: Mutex<()>,
}

impl Registry {
    /// Loads every configured model, in the version that served last; on every core.
    ///
    /// # Errors
    ///
    /// If one that the operator named, or the default model, is not fit to serve, or there are too
    /// many.
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
            unfit: Mutex::default(),
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
                    error!(%model, error, "the model is not served");
                    let mut unfit = self.unfit.lock();
                    unfit.extend(path.map(|path| (path.clone(), Source::new(&path, false))));
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

    /// The model that is meant where none is named; nothing as long as there are none.
    #[must_use]
    pub fn default(&self) -> Guard<Option<Arc<RegisteredModel>>> {
        self.default.load()
    }

    /// As [`Self::default`], to be held for longer.
    #[must_use]
    pub fn default_owned(&self) -> Option<Arc<RegisteredModel>> {
        self.default.load_full()
    }

    /// The model of a name.
    #[must_use]
    pub fn get(&self, name: &ModelName) -> Option<Arc<RegisteredModel>> {
        self.models.load().get(name).cloned()
    }

    /// All models in the order of their names.
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

    fn version(&self, loaded: LoadedModel, metrics: &ModelMetrics) -> Arc<Version> {
        Arc::new(Version::new(loaded, self.window, metrics))
    }

    /// Serves a version that is noted already; ends a trial, which was one against another version.
    fn switch(&self, model: &RegisteredModel, loaded: LoadedModel, outcome: Outcome) -> Change {
        let version = self.version(loaded, &model.metrics);
        model.switch(Arc::clone(&version), None);
        model.metrics.swap_attempted(true);
        Change::new(&model.name, &version, outcome)
    }

    /// Registers a model that was opened, unless one of its name is there; only under the lock.
    fn register(&self, opened: Opened) -> Result<Option<Arc<RegisteredModel>>, ChangeError> {
        if self.get(&opened.name).is_some() {
            return Ok(None);
        }
        self.has_room()?;
        let model = opened.register(self.window);
        let model = model.map_err(|error| ChangeError::Open(Box::new(error)))?;
        Ok(Some(self.insert(model)))
    }

    /// Whether there may be one more model.
    fn has_room(&self) -> Result<(), ChangeError> {
        let most = self.config.max_models();
        if self.models.load().len() < most {
            Ok(())
        } else {
            Err(ChangeError::TooMany(most))
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
            Entry::Occupied(_) => unreachable!("names are looked up under the lock"),
        });
        model
    }

    /// Serves a model no longer. There is room for another one, which may have been waiting.
    fn remove(&self, name: &ModelName) {
        self.change_models(|models| {
            models.remove(name);
        });
        self.unfit.lock().clear();
    }

    /// Changes the models that there are; only under the lock.
    fn change_models(&self, change: impl FnOnce(&mut BTreeMap<ModelName, Arc<RegisteredModel>>)) {
        let mut models = BTreeMap::clone(&self.models.load());
        change(&mut models);
        self.models.store(Arc::new(models));
    }

    /// Checks that a model was not retired before the lock was taken.
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

/// The whole chain of an error in one line.
fn describe(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
