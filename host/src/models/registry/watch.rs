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
    /// files that seem unchanged are read too.
    pub fn refresh(&self, force: bool) {
        for model in self.all() {
            if let Some(source) = model.source() {
                self.check(&model, &source, force);
            }
        }
        for (name, path) in self.folder.found() {
            let Some(path) = path else { continue };
            match self.get(&name) {
                Some(model) if model.source().is_none() => {
                    model.adopt(Source::new(&path, false));
                    self.reload(&model, &path);
                }
                Some(_) => {}
                None if self.unloaded.lock().contains_key(&name) => {}
                None => self.discover(&name, path),
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
            if let Some(store) = &model.store {
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

    /// Loads a new file in the folder and registers its model.
    fn discover(&self, name: &ModelName, path: PathBuf) {
        let is_unchanged = |source: &Source| source.check() == FileChange::Unchanged;
        if self.rejected.lock().get(&path).is_some_and(is_unchanged) {
            return;
        }
        let source = Source::new(&path, false);
        let registered = || {
            // Checked first, to avoid a useless compilation.
            self.has_room()?;
            let opened = self.opener().open(name, Some(&path));
            let opened = opened.map_err(|error| ChangeError::Open(Box::new(error)))?;
            let _changing = self.lock();
            self.register(opened)
        };
        match registered() {
            Ok(Some(model)) => {
                self.rejected.lock().remove(&path);
                let version = &model.serving().loaded.model().info().version.clone();
                info!(model = %name, version, "new model");
            }
            Ok(None) => {}
            Err(error) => {
                let error = describe(error);
                error!(model = %name, error, "cannot load the new model");
                self.rejected.lock().insert(path, source);
            }
        }
    }
}
