//! Opens the models at the start.
//!
//! What the operator gave on the command line must be sound. Nothing in the folder of models keeps
//! the host from starting, since clients change what is in it: the sound models are served, and the
//! host says which are not, and why.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use tracing::error;

use super::{Registry, describe};
use crate::models::change::ChangeError;
use crate::models::error::OpenError;
use crate::models::name::ModelName;
use crate::models::open::Opened;
use crate::models::registered::RegisteredModel;
use crate::models::source::Source;

type Models = BTreeMap<ModelName, Arc<RegisteredModel>>;

impl Registry {
    pub(super) fn open_all(&self) -> Result<(), OpenError> {
        let (mut models, first) = self.open_given()?;
        let configured = self.folder.default_model();
        let mut found: Vec<_> = self.folder.found().into_iter().collect();
        found.retain(|(name, _)| !models.contains_key(name));
        // Stable: the default model first, since there may be more than are allowed.
        found.sort_by_key(|(name, _)| configured.as_ref() != Some(name));
        self.open_found(&mut models, found);
        let default = self.choose_default(&models, configured, first)?;
        if let Some(default) = &default {
            self.folder.remember_default(&default.name);
        }
        self.default.store(default);
        self.models.store(Arc::new(models));
        Ok(())
    }

    /// Opens the models given on the command line; the first of them is the default model, unless
    /// another one is configured.
    fn open_given(&self) -> Result<(Models, Option<ModelName>), OpenError> {
        let opener = self.opener();
        let given: Vec<_> = self.config.files().collect();
        if given.len() > self.config.max_models() {
            return Err(OpenError::TooMany(given.len(), self.config.max_models()));
        }
        let opened: Vec<_> = given.par_iter().map(|it| opener.open_given(it)).collect();
        let mut models = Models::new();
        let mut first = None;
        for (given, opened) in given.iter().zip(opened) {
            let model = opened?.register(self.window, self.state.as_ref())?;
            let name = model.name.clone();
            first.get_or_insert_with(|| name.clone());
            if models.insert(name, Arc::new(model)).is_some() {
                return Err(OpenError::Twice(given.path.clone()));
            }
        }
        Ok((models, first))
    }

    /// Opens the sound ones of the models in the folder, up to the limit on models.
    fn open_found(&self, models: &mut Models, mut found: Vec<(ModelName, Option<PathBuf>)>) {
        let limit = self.config.max_models();
        while models.len() < limit && !found.is_empty() {
            let room = (limit - models.len()).min(found.len());
            let opened: Vec<_> = found
                .drain(..room)
                .collect::<Vec<_>>()
                .into_par_iter()
                .map(|(name, path)| {
                    let opened = self.open_one(&name, path.as_ref());
                    (name, path, opened)
                })
                .collect();
            for (name, path, opened) in opened {
                let registered = opened.and_then(|opened| {
                    let registered = opened.register(self.window, self.state.as_ref());
                    registered.map_err(describe)
                });
                match registered {
                    Ok(model) => {
                        models.insert(name, Arc::new(model));
                    }
                    Err(reason) => self.not_served(name, path, reason),
                }
            }
        }
        for (name, path) in found {
            self.not_served(name, path, ChangeError::TooMany(limit).to_string());
        }
    }

    fn open_one(&self, name: &ModelName, path: Option<&PathBuf>) -> Result<Opened, String> {
        let open = || self.opener().open(name, path.map(PathBuf::as_path));
        // One component must not take all others with it.
        let opened = catch_unwind(AssertUnwindSafe(open));
        let opened = opened.map_err(|_| "the host failed while loading it".to_owned());
        opened?.map_err(describe)
    }

    /// Says that a model is not served, and why. Its file is not tried again until it changes.
    pub(super) fn not_served(&self, name: ModelName, path: Option<PathBuf>, reason: String) {
        error!(model = %name, reason, "the model is not served");
        if let Some(path) = path {
            let source = Source::new(&path, false);
            self.rejected.lock().insert(path, source);
        }
        self.unserved.lock().insert(name, reason);
    }

    /// The default model; `None` while it is not served, since no other model answers for it.
    fn choose_default(
        &self,
        models: &Models,
        configured: Option<ModelName>,
        first: Option<ModelName>,
    ) -> Result<Option<Arc<RegisteredModel>>, OpenError> {
        let is_unserved = |name: &ModelName| self.unserved.lock().contains_key(name);
        let Some(name) = configured.or(first) else {
            return Ok(models.values().next().cloned());
        };
        match models.get(&name) {
            Some(model) => Ok(Some(Arc::clone(model))),
            None if is_unserved(&name) => {
                error!(model = %name, "the default model is not served");
                Ok(None)
            }
            None if self.config.default.is_some() => Err(OpenError::NoDefault(name)),
            // It was remembered, and has been retired since, while another one was configured.
            None => Ok(models.values().next().cloned()),
        }
    }
}
