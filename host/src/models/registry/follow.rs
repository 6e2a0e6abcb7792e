//! Follows another host that writes to the folder of models, and takes over when it has ended.

use std::sync::Arc;

use canopy_runtime::Digest;
use tracing::{error, info};

use super::Registry;
use crate::models::candidate::Candidate;
use crate::models::change::Outcome;
use crate::models::registered::RegisteredModel;
use crate::models::store::VersionStore;

/// A model whose index says that another version serves.
type Changed = (Arc<RegisteredModel>, Digest);

impl Registry {
    /// Serves what the host that writes to the folder serves. Becomes the one who writes if that
    /// host has ended.
    pub(super) fn follow(&self) {
        self.swap_changed(self.changed());
        self.remove_retired();
        let changed = {
            // Nothing changes an index before the last changes of the other host are known.
            let _changing = self.lock();
            if !self.folder.take_over() {
                return;
            }
            info!("this host writes to the folder of models from now on");
            self.changed()
        };
        self.swap_changed(changed);
        self.folder.sweep();
        self.resume_trials();
        if let Some(default) = self.default_owned() {
            self.folder.remember_default(&default.name);
        }
    }

    /// Reads the indexes; answers the models that serve other versions than before.
    fn changed(&self) -> Vec<Changed> {
        let models = self.all().into_iter();
        models
            .filter_map(|model| {
                let digest = model.store.as_ref()?.follow()?;
                Some((model, digest))
            })
            .collect()
    }

    fn swap_changed(&self, changed: Vec<Changed>) {
        for (model, digest) in changed {
            let (name, store) = (&model.name, model.store.as_ref());
            if model.serving().digest() == digest {
                continue;
            }
            let load = |store: &VersionStore| self.opener().load_stored(name, store, digest);
            let Some(loaded) = store.and_then(load) else {
                model.metrics.swap_attempted(false);
                error!(model = %name, %digest, "the other host serves a version that this one cannot load; the old version continues to serve");
                continue;
            };
            let _changing = self.lock();
            let is_latest = store.is_some_and(|store| store.state().served.last() == Some(&digest));
            if is_latest && self.is_current(&model).is_ok() {
                let change = self.switch(&model, loaded, Outcome::Swapped);
                info!(model = %name, version = %change.version, %digest, "model swapped as by the other host");
            }
        }
    }

    /// Removes models that the other host has retired.
    fn remove_retired(&self) {
        let is_gone = |model: &Arc<RegisteredModel>| {
            let has_file = model.source().is_some_and(|source| source.path.exists());
            !has_file && model.store.as_ref().is_some_and(VersionStore::is_gone)
        };
        for model in self.all().into_iter().filter(is_gone) {
            let _changing = self.lock();
            let is_free = self.is_not_default(&model).is_ok();
            if is_free && self.is_current(&model).is_ok() {
                self.remove(&model.name);
                info!(model = %model.name, "model retired by the other host");
            }
        }
    }

    /// Goes on with the trials of the other host.
    fn resume_trials(&self) {
        for model in self.all() {
            let Some(store) = &model.store else { continue };
            let Some((loaded, plan)) = self.opener().trial(&model.name, store) else {
                continue;
            };
            let _changing = self.lock();
            let digest = loaded.model().digest();
            let on_trial = store.state().candidate;
            if on_trial.is_some_and(|it| it.digest == digest)
                && model.rollout().candidate.is_none()
                && self.is_current(&model).is_ok()
            {
                let serving = model.serving();
                let version = self.version(loaded, &model.metrics);
                let candidate = Candidate::new(version, plan, &serving.loaded);
                model.switch(serving, Some(Arc::new(candidate)));
            }
        }
    }
}
