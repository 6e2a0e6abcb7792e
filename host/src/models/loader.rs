//! Loads components.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Arc, Weak};

use canopy_resources::cores;
use canopy_runtime::{Component, Digest, LoadError, Runtime};
use parking_lot::Mutex;

use crate::loaded_model::LoadedModel;
use crate::metrics::Metrics;

/// Reads, compiles and checks components. Slow, because of the compilation; must not be called under
/// a lock.
pub(super) struct Loader {
    runtime: Runtime,
    metrics: Arc<Metrics>,
    /// Maximum size of a component in bytes.
    limit: u64,
    /// The components that are loaded, so that one under several names is loaded once.
    loaded: Mutex<HashMap<Digest, Weak<LoadedModel>>>,
}

impl Loader {
    pub(super) fn new(runtime: Runtime, metrics: Arc<Metrics>, limit: u64) -> Self {
        Self {
            runtime,
            metrics,
            limit,
            loaded: Mutex::default(),
        }
    }

    /// Loads and checks a component and creates an instance per core, unless it is loaded already.
    pub(super) fn load(&self, component: &Component) -> Result<Arc<LoadedModel>, LoadError> {
        let digest = component.digest();
        let known = self.loaded.lock().get(&digest).and_then(Weak::upgrade);
        if let Some(known) = known {
            return Ok(known);
        }
        let load = || {
            let model = self.runtime.load(component)?;
            let warmed = model.warm(u32::try_from(cores()).unwrap_or(1));
            warmed.map_err(|source| LoadError::Call {
                function: "instantiate",
                source,
            })?;
            Ok(Arc::new(LoadedModel::new(model)))
        };
        let loaded = load().inspect_err(|error| self.metrics.load_rejected(error))?;
        let mut known = self.loaded.lock();
        known.retain(|_, loaded| loaded.strong_count() > 0);
        // Another thread may have been faster.
        if let Some(known) = known.get(&digest).and_then(Weak::upgrade) {
            return Ok(known);
        }
        known.insert(digest, Arc::downgrade(&loaded));
        Ok(loaded)
    }

    /// Reads a component file, but at most one byte more than the size limit.
    pub(super) fn read(&self, path: &Path) -> io::Result<Component> {
        let mut component = Vec::new();
        File::open(path)?
            .take(self.limit + 1)
            .read_to_end(&mut component)?;
        Ok(Component::new(component))
    }

    /// Ends every compilation, and starts no more.
    pub(super) fn stop_compiling(&self) {
        self.runtime.stop_compiling();
    }
}
