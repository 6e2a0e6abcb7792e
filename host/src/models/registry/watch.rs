//! Looking at model files that may be replaced, and for new ones.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::{error, info, warn};

use super::{Registry, describe};
use crate::models::change::{ChangeError, Outcome};
use crate::models::name::ModelName;
use crate::models::registered::RegisteredModel;
use crate::models::source::{Sighting, Source};

impl Registry {
    /// Looks at the watched files, and for new ones in the folder. A file that is not fit to
    /// serve is tried once: the old version serves until there is another one. If `told`, files
    /// that seem to be the same are read too.
    pub fn refresh(&self, told: bool) {
        for model in self.all() {
            if let Some(source) = model.source() {
                self.look(&model, &source, told);
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

    /// Looks at the file of a model.
    fn look(&self, model: &Arc<RegisteredModel>, source: &Source, told: bool) {
        let (name, path) = (&model.name, &source.path);
        let sighting = source.look();
        match sighting {
            Sighting::Gone => {
                model.metrics.file_missing(true);
                warn!(model = %name, ?path, "the model file is gone; the version loaded from it goes on serving");
            }
            Sighting::Back | Sighting::Replaced => model.metrics.file_missing(false),
            Sighting::Unchanged => {}
        }
        if sighting == Sighting::Replaced || told && path.exists() {
            self.reload(model, path);
        }
    }

    /// Loads a watched file again; without a file of another content nothing is done.
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
                let noted = store.add(&loaded, &component, |state| {
                    state.serve(file);
                    state.file = Some(file);
                });
                if let Err(error) = noted {
                    warn!(model = %name, %error, "the version is not kept, only its file is");
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
                error!(model = %name, error, "model not swapped, the old one goes on serving");
            }
        }
    }

    /// Serves a file that is new in the folder.
    fn discover(&self, name: &ModelName, path: PathBuf) {
        let is_tried = |source: &Source| source.look() == Sighting::Unchanged;
        if self.unfit.lock().get(&path).is_some_and(is_tried) {
            return;
        }
        let source = Source::new(&path, false);
        let registered = || {
            // Loads nothing where there is no room for it.
            self.has_room()?;
            let opened = self.opener().open(name, Some(&path));
            let opened = opened.map_err(|error| ChangeError::Open(Box::new(error)))?;
            let _changing = self.lock();
            self.register(opened)
        };
        match registered() {
            Ok(Some(model)) => {
                self.unfit.lock().remove(&path);
                let version = &model.serving().loaded.model().info().version.clone();
                info!(model = %name, version, "new model");
            }
            Ok(None) => {}
            Err(error) => {
                let error = describe(error);
                error!(model = %name, error, "the new model is not served");
                self.unfit.lock().insert(path, source);
            }
        }
    }
}
