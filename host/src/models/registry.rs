//! All models of a host; every change of one goes through here.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use tracing::{error, info, warn};

use super::candidate::{Candidate, Ended, Plan, Verdict};
use super::change::{Change, ChangeError, Outcome};
use super::name::ModelName;
use super::open::Opener;
use super::shelf::{OnTrial, Shelf};
use super::slot::Slot;
use super::source::Source;
use crate::config::ServeConfig;
use crate::host::HostError;
use crate::metrics::Metrics;
use crate::runtime::{ModelInfo, Runtime, digest};
use crate::served::Served;

/// The models of a host.
///
/// Compiling takes long and needs no lock; a change is compared, noted on disk and switched under
/// one, in this order, so that what serves after a restart is what served before it.
pub struct Registry {
    opener: Opener,
    slots: ArcSwap<BTreeMap<ModelName, Arc<Slot>>>,
    default: ArcSwapOption<Slot>,
    /// Models that are not served until they are loaded again, and the files they come from.
    unloaded: Mutex<BTreeMap<ModelName, Option<PathBuf>>>,
    /// Files in the folder that are not served, as they were when they were tried.
    unfit: Mutex<BTreeMap<PathBuf, Source>>,
    changing: Mutex<()>,
}

impl Registry {
    /// Loads every configured model, in the version that served last.
    ///
    /// # Errors
    ///
    /// If there is none, or one of them is not fit to serve.
    pub(crate) fn open(
        config: &ServeConfig,
        runtime: Runtime,
        metrics: Arc<Metrics>,
    ) -> Result<Self, HostError> {
        let models = &config.models;
        let opener = Opener::new(runtime, config.clone(), metrics)?;
        opener.sweep();
        let default = opener.default();
        let mut slots = BTreeMap::new();
        let mut first = None;
        for given in &models.files {
            let slot = opener.open_given(given)?;
            let name = slot.name.clone();
            first.get_or_insert_with(|| name.clone());
            if slots.insert(name, Arc::new(slot)).is_some() {
                return Err(HostError::Twice(given.path.clone()));
            }
        }
        let mut unfit = BTreeMap::new();
        for (name, path) in opener.found() {
            let Entry::Vacant(vacant) = slots.entry(name) else {
                continue;
            };
            match opener.open(vacant.key(), path.as_deref()) {
                Ok(slot) => {
                    vacant.insert(Arc::new(slot));
                }
                Err(error) if default.as_ref() == Some(vacant.key()) => return Err(error),
                Err(error) => {
                    let (model, error) = (vacant.key(), describe(error));
                    error!(%model, error, "the model is not served");
                    unfit.extend(path.map(|path| (path.clone(), Source::new(&path, false))));
                }
            }
        }
        if slots.len() > models.most() {
            return Err(HostError::TooMany(slots.len(), models.most()));
        }
        let default = match default.or(first) {
            Some(name) => Some(
                slots
                    .get(&name)
                    .cloned()
                    .ok_or(HostError::NoDefault(name))?,
            ),
            None => slots.values().next().cloned(),
        };
        if let Some(default) = &default {
            opener.remember_default(&default.name);
        }
        Ok(Self {
            default: ArcSwapOption::new(default),
            slots: ArcSwap::from_pointee(slots),
            unloaded: Mutex::default(),
            unfit: Mutex::new(unfit),
            changing: Mutex::default(),
            opener,
        })
    }

    /// The model that is meant where none is named; nothing as long as there are none.
    #[must_use]
    pub fn default(&self) -> Guard<Option<Arc<Slot>>> {
        self.default.load()
    }

    /// As [`Self::default`], to be held for longer.
    #[must_use]
    pub fn default_owned(&self) -> Option<Arc<Slot>> {
        self.default.load_full()
    }

    /// The model of a name.
    #[must_use]
    pub fn get(&self, name: &ModelName) -> Option<Arc<Slot>> {
        self.slots.load().get(name).cloned()
    }

    /// All models in the order of their names.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Slot>> {
        self.slots.load().values().cloned().collect()
    }

    /// Serves a component as the model `name`, which is created if it is not there. Requests in
    /// flight finish on the version they began with. Takes as long as compiling takes.
    ///
    /// # Errors
    ///
    /// If the component is not fit to serve, cannot be kept, or clients of the serving version
    /// could not use it (unless `allow_feature_change`).
    pub fn put(
        &self,
        name: &ModelName,
        component: &[u8],
        allow_feature_change: bool,
    ) -> Result<Change, ChangeError> {
        let attempt = || {
            let folder = self.opener.folder(name).ok_or(ChangeError::NotKept)?;
            let served = self.opener.load(component)?;
            let _changing = self.lock();
            let Some(slot) = self.get(name) else {
                return self.create(name, &folder, served, component);
            };
            if !allow_feature_change {
                comparable(&slot, &served).map_err(ChangeError::Features)?;
            }
            self.swap(&slot, served, component)
        };
        let outcome = attempt();
        if let (Err(_), Some(slot)) = (&outcome, self.get(name)) {
            slot.metrics.swap_attempted(false);
        }
        outcome
    }

    /// Serves the version that served before.
    ///
    /// # Errors
    ///
    /// If there is none, or it is no longer fit to serve.
    pub fn roll_back(&self, name: &ModelName) -> Result<Change, ChangeError> {
        let slot = self.known(name)?;
        let shelf = slot.shelf.as_ref().ok_or(ChangeError::NotKept)?;
        let serving = slot.serving();
        let state = shelf.state();
        let before = state.before(serving.digest());
        let Some((previous, served)) = self.opener.first_sound(name, shelf, before) else {
            return Err(ChangeError::NoPrevious(name.clone()));
        };

        let _changing = self.lock();
        self.is_current(&slot)?;
        if slot.serving().digest() != serving.digest() {
            return Err(ChangeError::Raced(name.clone()));
        }
        shelf.note(|state| {
            state.roll_back(&previous);
            state.candidate = None;
        })?;
        Ok(self.switch(&slot, served, Outcome::RolledBack))
    }

    /// Retires a model: it is not served any more, its versions are removed.
    ///
    /// # Errors
    ///
    /// If it is the default model or one that the operator named.
    pub fn retire(&self, name: &ModelName) -> Result<(), ChangeError> {
        let slot = self.known(name)?;
        let shelf = slot.shelf.as_ref().ok_or(ChangeError::NotKept)?;
        let _changing = self.lock();
        self.is_current(&slot)?;
        self.is_not_default(&slot)?;
        let source = slot.source();
        if source.as_ref().is_some_and(|source| source.is_given) {
            return Err(ChangeError::FromFile(name.clone()));
        }
        let path = source.map(|source| source.path.clone());
        let aside = path
            .as_ref()
            .map(|path| path.with_added_extension("retired"));
        if let (Some(path), Some(aside)) = (&path, &aside) {
            match fs::rename(path, aside) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        if let Err(error) = shelf.remove() {
            if let (Some(path), Some(aside)) = (&path, &aside) {
                // As it was; if not even that can be done, the file is there to be seen.
                let _ = fs::rename(aside, path);
            }
            return Err(error.into());
        }
        self.remove(name);
        Ok(())
    }

    /// Models that were unloaded, in the order of their names.
    #[must_use]
    pub fn unloaded(&self) -> Vec<ModelName> {
        self.unloaded_models().keys().cloned().collect()
    }

    /// Serves a model no longer, until it is loaded or the host starts anew. Its versions stay.
    ///
    /// # Errors
    ///
    /// If it is the default model.
    pub fn unload(&self, name: &ModelName) -> Result<(), ChangeError> {
        let _changing = self.lock();
        let slot = self.known(name)?;
        self.is_not_default(&slot)?;
        let path = slot.source().map(|source| source.path.clone());
        self.unloaded_models().insert(name.clone(), path);
        self.remove(name);
        Ok(())
    }

    /// Serves a model that was unloaded, in the version that served last; one that is served
    /// already looks at its file.
    ///
    /// # Errors
    ///
    /// If there is no such model or it is not fit to serve.
    pub fn load(&self, name: &ModelName) -> Result<(), ChangeError> {
        if let Some(slot) = self.get(name) {
            if let Some(source) = slot.source() {
                self.reload(&slot, &source.path);
            }
            return Ok(());
        }
        let path = self.unloaded_models().get(name).cloned();
        let path = path.ok_or_else(|| ChangeError::Unknown(name.clone()))?;
        let _changing = self.lock();
        if self.get(name).is_none() {
            let slot = self.opener.open(name, path.as_deref());
            self.insert(slot.map_err(|error| ChangeError::Open(Box::new(error)))?);
        }
        Ok(())
    }

    /// Puts a component on trial as a candidate of the model, in place of the one before.
    ///
    /// # Errors
    ///
    /// If it is not fit to serve or cannot be compared with the serving version.
    pub fn propose(
        &self,
        name: &ModelName,
        component: &[u8],
        plan: Plan,
    ) -> Result<Change, ChangeError> {
        let slot = self.known(name)?;
        let shelf = slot.shelf.as_ref().ok_or(ChangeError::NotKept)?;
        let served = self.opener.load(component)?;
        let _changing = self.lock();
        self.is_current(&slot)?;
        let serving = slot.serving();
        if served.model().digest() == serving.digest() {
            return Err(ChangeError::Serving(name.clone()));
        }
        comparable(&slot, &served).map_err(ChangeError::Incomparable)?;
        shelf.add(&served, component, |state| {
            state.candidate = Some(OnTrial {
                digest: served.model().digest().to_owned(),
                plan: plan.clone(),
            });
        })?;
        let version = self.opener.version(served, &slot.metrics);
        let candidate = Candidate::new(Arc::clone(&version), plan, &serving.served);
        slot.switch(serving, Some(Arc::new(candidate)));
        Ok(Change::new(name, &version, Outcome::Proposed))
    }

    /// Serves the version on trial.
    ///
    /// # Errors
    ///
    /// If there is none or that cannot be noted.
    pub fn promote(&self, name: &ModelName) -> Result<Change, ChangeError> {
        let slot = self.known(name)?;
        let _changing = self.lock();
        let candidate = on_trial(&slot)?;
        self.end_trial(&slot, &candidate, true, BY_HAND)
    }

    /// Ends the trial of a candidate; what served goes on serving.
    ///
    /// # Errors
    ///
    /// If there is none or that cannot be noted.
    pub fn withdraw(&self, name: &ModelName) -> Result<Change, ChangeError> {
        let slot = self.known(name)?;
        let _changing = self.lock();
        let candidate = on_trial(&slot)?;
        self.end_trial(&slot, &candidate, false, BY_HAND)
    }

    /// Does what a verdict says, unless somebody else decided meanwhile.
    pub(crate) fn decide(&self, slot: &Slot, candidate: &Arc<Candidate>, verdict: &Verdict) {
        let _changing = self.lock();
        let is_on_trial = on_trial(slot).is_ok_and(|current| Arc::ptr_eq(&current, candidate));
        if !is_on_trial {
            return;
        }
        let (model, reason) = (&slot.name, &verdict.reason);
        match self.end_trial(slot, candidate, verdict.promote, reason) {
            Ok(change) => {
                info!(%model, version = %change.version, outcome = ?change.outcome, reason, "trial decided");
            }
            Err(error) => {
                let error = describe(error);
                error!(%model, error, reason, "the trial was decided, but that cannot be noted");
                candidate.reopen();
            }
        }
    }

    /// Looks at the watched files, and for new ones in the folder. A file that is not fit to
    /// serve is tried once: the old version serves until there is another one. If `told`, files
    /// that seem to be the same are read too.
    pub fn refresh(&self, told: bool) {
        for slot in self.all() {
            if let Some(source) = slot.source()
                && (source.is_replaced() | told)
            {
                self.reload(&slot, &source.path);
            }
        }
        for (name, path) in self.opener.found() {
            let Some(path) = path else { continue };
            match self.get(&name) {
                Some(slot) if slot.source().is_none() => {
                    slot.adopt(Source::new(&path, false));
                    self.reload(&slot, &path);
                }
                Some(_) => {}
                None if self.unloaded_models().contains_key(&name) => {}
                None => self.discover(&name, path),
            }
        }
    }

    /// Loads a watched file again; without a file of another content nothing is done.
    fn reload(&self, slot: &Arc<Slot>, path: &Path) {
        let model = &slot.name;
        let attempt = || {
            let component = self.opener.read(path)?;
            let file = digest(&component);
            let known = slot.shelf.as_ref().and_then(|shelf| shelf.state().file);
            if known.as_ref() == Some(&file) || slot.serving().digest() == file {
                return Ok(None);
            }
            let served = self.opener.load(&component)?;
            let _changing = self.lock();
            self.is_current(slot)?;
            if let Some(shelf) = &slot.shelf {
                let noted = shelf.add(&served, &component, |state| {
                    state.serve(&file);
                    state.file = Some(file.clone());
                });
                if let Err(error) = noted {
                    warn!(%model, %error, "the version is not kept, only its file is");
                }
            }
            Ok(Some(self.switch(slot, served, Outcome::Swapped)))
        };
        match attempt() {
            Ok(Some(change)) => {
                info!(%model, version = %change.version, digest = %change.digest, "model swapped");
            }
            Ok(None) => {}
            Err::<_, ChangeError>(error) => {
                slot.metrics.swap_attempted(false);
                let error = describe(error);
                error!(%model, error, "model not swapped, the old one goes on serving");
            }
        }
    }

    /// Serves a file that is new in the folder.
    fn discover(&self, model: &ModelName, path: PathBuf) {
        let is_tried = |source: &Source| !source.is_replaced();
        if self.unfit_files().get(&path).is_some_and(is_tried) {
            return;
        }
        let source = Source::new(&path, false);
        // Compiled before the lock is taken; with it the code comes from the cache.
        let compiled = self.opener.read(&path).map_err(anyhow::Error::from);
        let compiled = compiled.and_then(|component| Ok(self.opener.load(&component)?));
        let _changing = self.lock();
        if self.get(model).is_some() {
            return;
        }
        let opened = compiled.and_then(|_| {
            if self.slots.load().len() >= self.opener.most() {
                return Err(ChangeError::TooMany(self.opener.most()).into());
            }
            Ok(self.opener.open(model, Some(&path))?)
        });
        match opened {
            Ok(slot) => {
                self.unfit_files().remove(&path);
                let serving = slot.serving();
                self.insert(slot);
                info!(%model, version = %serving.served.model().info().version, "new model");
            }
            Err(error) => {
                let error = format!("{error:#}");
                error!(%model, error, "the new model is not served");
                self.unfit_files().insert(path, source);
            }
        }
    }

    fn create(
        &self,
        name: &ModelName,
        folder: &Path,
        served: Served,
        component: &[u8],
    ) -> Result<Change, ChangeError> {
        if self.slots.load().len() >= self.opener.most() {
            return Err(ChangeError::TooMany(self.opener.most()));
        }
        let shelf = Shelf::open(folder, self.opener.keep())?;
        let noted = shelf.add(&served, component, |state| {
            state.serve(served.model().digest());
        });
        noted.inspect_err(|_| Shelf::sweep(folder))?;
        let slot = self.opener.slot(name.clone(), served, None, Some(shelf))?;
        let serving = slot.serving();
        self.insert(slot);
        Ok(Change::new(name, &serving, Outcome::Created))
    }

    fn swap(&self, slot: &Slot, served: Served, component: &[u8]) -> Result<Change, ChangeError> {
        let serving = slot.serving();
        if serving.digest() == served.model().digest() {
            return Ok(Change::new(&slot.name, &serving, Outcome::Unchanged));
        }
        let shelf = slot.shelf.as_ref().ok_or(ChangeError::NotKept)?;
        shelf.add(&served, component, |state| {
            state.serve(served.model().digest());
        })?;
        Ok(self.switch(slot, served, Outcome::Swapped))
    }

    /// Serves a version that is noted already; ends a trial, which was one against another version.
    fn switch(&self, slot: &Slot, served: Served, outcome: Outcome) -> Change {
        let version = self.opener.version(served, &slot.metrics);
        slot.switch(Arc::clone(&version), None);
        slot.metrics.swap_attempted(true);
        Change::new(&slot.name, &version, outcome)
    }

    fn end_trial(
        &self,
        slot: &Slot,
        candidate: &Candidate,
        promote: bool,
        reason: &str,
    ) -> Result<Change, ChangeError> {
        let shelf = slot.shelf.as_ref().ok_or(ChangeError::NotKept)?;
        let version = &candidate.version;
        shelf.note(|state| {
            if promote {
                state.serve(version.digest());
            }
            state.candidate = None;
        })?;
        slot.metrics.candidate_decided(promote);
        let (serving, outcome) = if promote {
            slot.metrics.swap_attempted(true);
            (Arc::clone(version), Outcome::Promoted)
        } else {
            (slot.serving(), Outcome::Withdrawn)
        };
        let change = Change::new(&slot.name, version, outcome);
        slot.trial_ended(Ended {
            version: change.version.clone(),
            outcome,
            reason: reason.to_owned(),
        });
        slot.switch(serving, None);
        Ok(change)
    }

    fn insert(&self, slot: Slot) {
        let slot = Arc::new(slot);
        self.unloaded_models().remove(&slot.name);
        if self.default.load().is_none() {
            self.opener.remember_default(&slot.name);
            self.default.store(Some(Arc::clone(&slot)));
        }
        self.change_slots(|slots| {
            slots.insert(slot.name.clone(), slot);
        });
    }

    /// Serves a model no longer. There is room for another one, which may have been waiting.
    fn remove(&self, name: &ModelName) {
        self.change_slots(|slots| {
            slots.remove(name);
        });
        self.unfit_files().clear();
    }

    fn is_not_default(&self, slot: &Arc<Slot>) -> Result<(), ChangeError> {
        match self.default_owned() {
            Some(default) if Arc::ptr_eq(&default, slot) => {
                Err(ChangeError::Default(slot.name.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Changes the models that there are; only under the lock.
    fn change_slots(&self, change: impl FnOnce(&mut BTreeMap<ModelName, Arc<Slot>>)) {
        let mut slots = BTreeMap::clone(&self.slots.load());
        change(&mut slots);
        self.slots.store(Arc::new(slots));
    }

    fn unfit_files(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Source>> {
        self.unfit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unloaded_models(&self) -> MutexGuard<'_, BTreeMap<ModelName, Option<PathBuf>>> {
        self.unloaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks that a model was not retired before the lock was taken.
    fn is_current(&self, slot: &Arc<Slot>) -> Result<(), ChangeError> {
        let current = self.known(&slot.name)?;
        if Arc::ptr_eq(&current, slot) {
            Ok(())
        } else {
            Err(ChangeError::Raced(slot.name.clone()))
        }
    }

    fn known(&self, name: &ModelName) -> Result<Arc<Slot>, ChangeError> {
        self.get(name)
            .ok_or_else(|| ChangeError::Unknown(name.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a trial ended that somebody ended.
const BY_HAND: &str = "by hand";

/// The whole chain of an error in one line.
fn describe(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}

fn on_trial(slot: &Slot) -> Result<Arc<Candidate>, ChangeError> {
    let candidate = slot.route().candidate.clone();
    candidate.ok_or_else(|| ChangeError::NoCandidate(slot.name.clone()))
}

/// Checks that whoever uses the serving version can use another one in its place.
fn comparable(slot: &Slot, other: &Served) -> Result<(), String> {
    let serving = slot.serving();
    let (ours, theirs) = (serving.served.model().info(), other.model().info());
    let features = |info: &ModelInfo| -> Vec<String> {
        let features = info.features.iter();
        features.map(|feature| feature.name.clone()).collect()
    };
    let (old, new) = (features(ours), features(theirs));
    let list = |names: &[String], others: &[String]| {
        let names = names.iter().filter(|name| !others.contains(name));
        names.cloned().collect::<Vec<_>>().join(", ")
    };
    let (added, removed) = (list(&new, &old), list(&old, &new));
    if !added.is_empty() || !removed.is_empty() {
        let name = |list: String| {
            if list.is_empty() {
                "none".to_owned()
            } else {
                list
            }
        };
        return Err(format!(
            "it takes other features than the serving version: added {}, removed {}",
            name(added),
            name(removed)
        ));
    }
    for (what, same) in [
        ("task", ours.task == theirs.task),
        ("target", ours.target == theirs.target),
        (
            "response field",
            ours.response_field == theirs.response_field,
        ),
        ("classes", ours.classes == theirs.classes),
        ("order of the features", old == new),
    ] {
        if !same {
            return Err(format!("it has another {what} than the serving version"));
        }
    }
    Ok(())
}
