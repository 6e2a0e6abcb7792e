//! Which models there are: loading, unloading and retiring them.

use std::fs;
use std::io::ErrorKind;
use std::sync::Arc;

use super::Registry;
use crate::models::change::ChangeError;
use crate::models::name::ModelName;
use crate::models::registered::RegisteredModel;

impl Registry {
    /// Retires a model: it is not served any more, its versions are removed.
    ///
    /// # Errors
    ///
    /// If it is the default model or one that the operator named.
    pub fn retire(&self, name: &ModelName) -> Result<(), ChangeError> {
        let model = self.known(name)?;
        let store = model.store.as_ref().ok_or(ChangeError::NotKept)?;
        let _changing = self.lock();
        self.is_current(&model)?;
        self.is_not_default(&model)?;
        let source = model.source();
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
        if let Err(error) = store.remove() {
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
        self.unloaded.lock().keys().cloned().collect()
    }

    /// Serves a model no longer, until it is loaded or the host starts anew. Its versions stay.
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

    /// Serves a model that was unloaded, in the version that served last; one that is served
    /// already looks at its file. Takes as long as compiling takes.
    ///
    /// # Errors
    ///
    /// If there is no such model or it is not fit to serve.
    pub fn load(&self, name: &ModelName) -> Result<(), ChangeError> {
        if let Some(model) = self.get(name) {
            if let Some(source) = model.source() {
                self.reload(&model, &source.path);
            }
            return Ok(());
        }
        let path = self.unloaded.lock().get(name).cloned();
        let path = path.ok_or_else(|| ChangeError::Unknown(name.clone()))?;
        let opened = self.opener().open(name, path.as_deref());
        let opened = opened.map_err(|error| ChangeError::Open(Box::new(error)))?;
        let _changing = self.lock();
        self.register(opened).map(drop)
    }

    fn is_not_default(&self, model: &Arc<RegisteredModel>) -> Result<(), ChangeError> {
        match self.default_owned() {
            Some(default) if Arc::ptr_eq(&default, model) => {
                Err(ChangeError::Default(model.name.clone()))
            }
            _ => Ok(()),
        }
    }
}
