//! Checks model files for changes and discovers new ones.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::{error, info, warn};

use super::{Registry, describe};
use crate::models::change::{ChangeError, Outcome};
use crate::models::name::ModelName;
use crate::models::registered::RegisteredModel;
use crate::models::source::{FileChange, Source};

impl Registry {
    /// Checks the files of models for changes and the folder for new files. A file that cannot be
    /// loaded is not tried again until it changes; the old version continues to serve. If `force`,
    /// files that seem unchanged are read too. Follows the host that writes to the folder, if that
    /// is another one.
    pub fn refresh(&self, force: bool) {
        for model in self.all() {
            if let Some(source) = model.source() {
                self.check(&model, &source, force);
            }
        }
        let is_followed = self.folder.is_followed();
        if is_followed {
            self.follow();
        }
        let found = self.folder.found();
        let is_there = |name: &ModelName, _: &mut String| found.contains_key(name);
        self.unserved.lock().retain(is_there);
        for (name, path) in found {
            match (self.get(&name), path) {
                (Some(model), Some(path)) if model.source().is_none() => {
                    model.adopt(Source::new(&path, false));
                    self.reload(&model, &path);
                }
                (Some(_), _) => {}
                (None, _) if self.unloaded.lock().contains_key(&name) => {}
                // Versions without a file that are not served could not be loaded at the start, or
                // were uploaded to the host that this one follows.
                (None, None) if !is_followed => {}
                (None, path) => self.discover(&name, path),
            }
        }
    }

    /// Checks the file of a model for changes.
    fn check(&self, model: &Arc<RegisteredModel>, source: &Source, force: bool) {
        let (name, path) = (&model.name, &source.path);
        let change = source.check();
        match change {
            FileChange::Missing => {
                model.metrics.file_missing(true);
                warn!(model = %name, ?path, "the model file is missing; the version loaded from it continues to serve");
            }
            FileChange::Restored | FileChange::Replaced => model.metrics.file_missing(false),
            FileChange::Unchanged => {}
        }
        if change == FileChange::Replaced || force && path.exists() {
            self.reload(model, path);
        }
    }

    /// Loads the file of a model, if its content has changed, and swaps it in.
    pub(super) fn reload(&self, model: &Arc<RegisteredModel>, path: &Path) {
        let name = &model.name;
        let attempt = || {
            let component = self.loader.read(path)?;
            let file = component.digest();
            let known = model.store.as_ref().and_then(|store| store.state().file);
            if known == Some(file) || model.serving().digest() == file {
                return Ok(None);
            }
            let loaded = self.loader.load(&component)?;
            let _changing = self.lock();
            self.is_current(model)?;
            let writable = model.store.as_ref().filter(|store| store.is_writable());
            if let Some(store) = writable {
                let recorded = store.add(&loaded, &component, |state| {
                    state.serve(file);
                    state.file = Some(file);
                });
                if let Err(error) = recorded {
                    warn!(model = %name, %error, "cannot store the version; only its file exists");
                }
            }
            Ok(Some(self.switch(model, loaded, Outcome::Swapped)))
        };
        match attempt() {
            Ok(Some(change)) => {
                info!(model = %name, version = %change.version, digest = %change.digest, "model swapped");
            }
            Ok(None) => {}
            Err::<_, ChangeError>(error) => {
                model.metrics.swap_attempted(false);
                let error = describe(error);
                error!(model = %name, error, "model not swapped; the old version continues to serve");
            }
        }
    }

    /// Loads a new model in the folder and registers it.
    fn discover(&self, name: &ModelName, path: Option<PathBuf>) {
        let watched = path.clone().or_else(|| self.folder.index_of(name));
        let Some(watched) = watched else { return };
        let is_unchanged = |source: &Source| source.check() == FileChange::Unchanged;
        if self.rejected.lock().get(&watched).is_some_and(is_unchanged) {
            return;
        }
        let source = Source::new(&watched, false);
        let registered = || {
            // Checked first, to avoid a useless compilation.
            self.has_room()?;
            let opened = self.opener().open(name, path.as_deref());
            let opened = opened.map_err(|error| ChangeError::Open(Box::new(error)))?;
            let _changing = self.lock();
            self.register(opened)
        };
        match registered() {
            Ok(Some(model)) => {
                self.rejected.lock().remove(&watched);
                let version = &model.serving().loaded.model().info().version.clone();
                info!(model = %name, version, "new model");
            }
            Ok(None) => {}
            Err(error) => {
                let error = describe(error);
                error!(model = %name, error, "cannot load the new model");
                self.rejected.lock().insert(watched, source);
                self.unserved.lock().insert(name.clone(), error);
            }
        }
    }
}
