//! Loads components.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use canopy_pool::cores;
use canopy_runtime::{Component, LoadError, Runtime};

use crate::loaded_model::LoadedModel;
use crate::metrics::Metrics;

/// Reads, compiles and checks components. Slow, because of the compilation; must not be called under
/// a lock.
pub(super) struct Loader {
    runtime: Runtime,
    metrics: Arc<Metrics>,
    /// Maximum size of a component in bytes.
    limit: u64,
}

impl Loader {
    pub(super) fn new(runtime: Runtime, metrics: Arc<Metrics>, limit: u64) -> Self {
        Self {
            runtime,
            metrics,
            limit,
        }
    }

    /// Loads and checks a component and creates an instance per core.
    pub(super) fn load(&self, component: &Component) -> Result<LoadedModel, LoadError> {
        let load = || {
            let model = self.runtime.load(component)?;
            let warmed = model.warm(u32::try_from(cores()).unwrap_or(1));
            warmed.map_err(|source| LoadError::Call {
                function: "instantiate",
                source,
            })?;
            Ok(LoadedModel::new(model))
        };
        load().inspect_err(|error| self.metrics.load_rejected(error))
    }

    /// Reads a component file, but at most one byte more than the size limit.
    pub(super) fn read(&self, path: &Path) -> io::Result<Component> {
        let mut component = Vec::new();
        File::open(path)?
            .take(self.limit + 1)
            .read_to_end(&mut component)?;
        Ok(Component::new(component))
    }
}
