//! Uploads and rollbacks.

use std::sync::Arc;

use canopy_runtime::{Component, ModelInfo};

use super::Registry;
use crate::loaded_model::LoadedModel;
use crate::metrics::ModelMetrics;
use crate::models::change::{Change, ChangeError, Outcome};
use crate::models::error::OpenError;
use crate::models::name::ModelName;
use crate::models::registered::RegisteredModel;
use crate::monitoring::History;

impl Registry {
    /// Makes a component the serving version of the model `name`, creating the model if it does not
    /// exist. Requests in flight finish on the version they started with. Slow, because of the
    /// compilation.
    ///
    /// # Errors
    ///
    /// If the component cannot be loaded or stored, or (unless `allow_feature_change`) it is
    /// incompatible with clients of the serving version.
    pub fn put(
        &self,
        name: &ModelName,
        component: &Component,
        allow_feature_change: bool,
    ) -> Result<Change, ChangeError> {
        let attempt = || {
            self.folder.check()?;
            let loaded = self.loader.load(component)?;
            let _changing = self.lock();
            let Some(model) = self.get(name) else {
                return self.create(name, loaded, component);
            };
            if !allow_feature_change {
                comparable(&model, &loaded).map_err(ChangeError::Features)?;
            }
            self.swap(&model, loaded, component)
        };
        let outcome = attempt();
        if let (Err(_), Some(model)) = (&outcome, self.get(name)) {
            model.metrics.swap_attempted(false);
        }
        outcome
    }

    /// Rolls back to the version that served before.
    ///
    /// # Errors
    ///
    /// If there is no previous version that can be loaded, or the model was changed in the meantime.
    pub fn roll_back(&self, name: &ModelName) -> Result<Change, ChangeError> {
        let model = self.known(name)?;
        self.folder.check()?;
        let store = model.store.as_ref().ok_or(ChangeError::NotKept)?;
        let serving = model.serving();
        let state = store.state();
        let before = state.before(serving.digest());
        let Some(loaded) = self.opener().first_loadable(name, store, before) else {
            return Err(ChangeError::NoPrevious(name.clone()));
        };

        let _changing = self.lock();
        self.is_current(&model)?;
        if model.serving().digest() != serving.digest() {
            return Err(ChangeError::Raced(name.clone()));
        }
        store.note(|state| {
            state.roll_back(loaded.model().digest());
            state.candidate = None;
        })?;
        Ok(self.switch(&model, loaded, Outcome::RolledBack))
    }

    fn create(
        &self,
        name: &ModelName,
        loaded: Arc<LoadedModel>,
        component: &Component,
    ) -> Result<Change, ChangeError> {
        self.has_room()?;
        let store = self.folder.store(name);
        let store = store.map_err(|error| match error {
            OpenError::Folder { source, .. } => ChangeError::Disk(source),
            error => ChangeError::Open(Box::new(error)),
        })?;
        let store = store.ok_or(ChangeError::NotKept)?;
        let recorded = store.add(&loaded, component, |state| {
            state.serve(component.digest());
        });
        recorded.inspect_err(|_| store.sweep_unfinished())?;
        let metrics = ModelMetrics::new(name.as_str())?;
        let version = self.version(loaded, &metrics);
        let serving = Arc::clone(&version);
        let history = History::of(name.as_str(), self.state.as_ref());
        let model =
            RegisteredModel::new(name.clone(), metrics, version, None, Some(store), history);
        self.insert(model);
        Ok(Change::new(name, &serving, Outcome::Created))
    }

    fn swap(
        &self,
        model: &RegisteredModel,
        loaded: Arc<LoadedModel>,
        component: &Component,
    ) -> Result<Change, ChangeError> {
        let serving = model.serving();
        if serving.digest() == loaded.model().digest() {
            return Ok(Change::new(&model.name, &serving, Outcome::Unchanged));
        }
        let store = model.store.as_ref().ok_or(ChangeError::NotKept)?;
        store.add(&loaded, component, |state| {
            state.serve(component.digest());
        })?;
        Ok(self.switch(model, loaded, Outcome::Swapped))
    }
}

/// Checks that clients of the serving version can use the other version in its place.
pub(super) fn comparable(model: &RegisteredModel, other: &LoadedModel) -> Result<(), String> {
    let serving = model.serving();
    let (ours, theirs) = (serving.loaded.model().info(), other.model().info());
    let features = |info: &ModelInfo| -> Vec<String> {
        let features = info.features.iter();
        features.map(|feature| feature.name.clone()).collect()
    };
    let (old, new) = (features(ours), features(theirs));
    let missing_from = |others: &[String], names: &[String]| {
        let names = names.iter().filter(|name| !others.contains(name));
        names.cloned().collect::<Vec<_>>().join(", ")
    };
    let (added, removed) = (missing_from(&old, &new), missing_from(&new, &old));
    if !added.is_empty() || !removed.is_empty() {
        let name = |list: String| {
            if list.is_empty() {
                "none".to_owned()
            } else {
                list
            }
        };
        return Err(format!(
            "its features differ from those of the serving version: added {}, removed {}",
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
        ("list of classes", ours.classes == theirs.classes),
        ("order of the features", old == new),
    ] {
        if !same {
            return Err(format!(
                "its {what} differs from that of the serving version"
            ));
        }
    }
    Ok(())
}
