//! Loading, unloading and retiring models.

use std::fs;
use std::io::ErrorKind;
use std::sync::Arc;

use super::Registry;
use crate::models::change::ChangeError;
use crate::models::name::ModelName;
use crate::models::registered::RegisteredModel;

impl Registry {
    /// Retires a model: unregisters it and removes its file and its versions.
    ///
    /// # Errors
    ///
    /// If it is the default model or was given on the command line, or the files cannot be removed.
    pub fn retire(&self, name: &ModelName) -> Result<(), ChangeError> {
        let model = self.known(name)?;
        self.folder.check()?;
        let store = model.store.as_ref().ok_or(ChangeError::NotKept)?;
        let _changing = self.lock();
        self.is_current(&model)?;
        self.is_not_default(&model)?;
        let source = model.source();
        if source.as_ref().is_some_and(|source| source.is_given) {
            return Err(ChangeError::FromFile(name.clone()));
        }
        let path = source.map(|source| source.path.clone());
        let retired = path
            .as_ref()
            .map(|path| path.with_added_extension("retired"));
        if let (Some(path), Some(retired)) = (&path, &retired) {
            match fs::rename(path, retired) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        if let Err(error) = store.remove() {
            if let (Some(path), Some(retired)) = (&path, &retired) {
                // Best effort: if this fails too, the renamed file is left for the operator to see.
                let _ = fs::rename(retired, path);
            }
            return Err(error);
        }
        self.remove(name);
        if let Some(state) = &self.state {
            state.forget(name.as_str());
        }
        Ok(())
    }

    /// The names of the models that were unloaded, in alphabetical order.
    #[must_use]
    pub fn unloaded(&self) -> Vec<ModelName> {
        self.unloaded.lock().keys().cloned().collect()
    }

    /// Unloads a model until it is loaded again or the host restarts. Its versions stay on disk.
    ///
    /// # Errors
    ///
    /// If it is the default model.
    pub fn unload(&self, name: &ModelName) -> Result<(), ChangeError> {
        let _changing = self.lock();
        let model = self.known(name)?;
        self.is_not_default(&model)?;
        let path = model.source().map(|source| source.path.clone());
        self.unloaded.lock().insert(name.clone(), path);
        self.remove(name);
        Ok(())
    }

    /// Loads a model in the folder that is not served, with the version that served last. For a model that is
    /// loaded, checks its file for changes. Slow, because of the compilation.
    ///
    /// # Errors
    ///
    /// If there is no such model or it cannot be loaded.
    pub fn load(&self, name: &ModelName) -> Result<(), ChangeError> {
        if let Some(model) = self.get(name) {
            if let Some(source) = model.source() {
                self.reload(&model, &source.path);
            }
            return Ok(());
        }
        // Or one that is not served for another reason.
        let unloaded = self.unloaded.lock().get(name).cloned();
        let path = unloaded.or_else(|| self.folder.found().remove(name));
        let path = path.ok_or_else(|| ChangeError::Unknown(name.clone()))?;
        let opened = self.opener().open(name, path.as_deref());
        let opened = opened.map_err(|error| ChangeError::Open(Box::new(error)))?;
        let _changing = self.lock();
        self.register(opened).map(drop)
    }

    pub(super) fn is_not_default(&self, model: &Arc<RegisteredModel>) -> Result<(), ChangeError> {
        match self.default_owned() {
            Some(default) if Arc::ptr_eq(&default, model) => {
                Err(ChangeError::Default(model.name.clone()))
            }
            _ => Ok(()),
        }
    }
}
