//! Serving components that clients upload, and versions that served before.

use std::path::Path;
use std::sync::Arc;

use canopy_runtime::{Component, ModelInfo};

use super::Registry;
use crate::loaded_model::LoadedModel;
use crate::metrics::ModelMetrics;
use crate::models::change::{Change, ChangeError, Outcome};
use crate::models::name::ModelName;
use crate::models::registered::RegisteredModel;
use crate::models::store::VersionStore;

impl Registry {
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
        component: &Component,
        allow_feature_change: bool,
    ) -> Result<Change, ChangeError> {
        let attempt = || {
            let folder = self.folder.versions_of(name).ok_or(ChangeError::NotKept)?;
            let loaded = self.loader.load(component)?;
            let _changing = self.lock();
            let Some(model) = self.get(name) else {
                return self.create(name, &folder, loaded, component);
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

    /// Serves the version that served before.
    ///
    /// # Errors
    ///
    /// If there is none, or it is no longer fit to serve.
    pub fn roll_back(&self, name: &ModelName) -> Result<Change, ChangeError> {
        let model = self.known(name)?;
        let store = model.store.as_ref().ok_or(ChangeError::NotKept)?;
        let serving = model.serving();
        let state = store.state();
        let before = state.before(serving.digest());
        let Some(loaded) = self.opener().first_sound(name, store, before) else {
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
        folder: &Path,
        loaded: LoadedModel,
        component: &Component,
    ) -> Result<Change, ChangeError> {
        self.has_room()?;
        let store = VersionStore::open(folder, self.config.keep_versions())?;
        let noted = store.add(&loaded, component, |state| {
            state.serve(component.digest());
        });
        noted.inspect_err(|_| VersionStore::sweep(folder))?;
        let metrics = ModelMetrics::new(name.as_str())?;
        let version = self.version(loaded, &metrics);
        let serving = Arc::clone(&version);
        let model = RegisteredModel::new(name.clone(), metrics, version, None, Some(store));
        self.insert(model);
        Ok(Change::new(name, &serving, Outcome::Created))
    }

    fn swap(
        &self,
        model: &RegisteredModel,
        loaded: LoadedModel,
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

/// Checks that whoever uses the serving version can use another one in its place.
pub(super) fn comparable(model: &RegisteredModel, other: &LoadedModel) -> Result<(), String> {
    let serving = model.serving();
    let (ours, theirs) = (serving.loaded.model().info(), other.model().info());
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
