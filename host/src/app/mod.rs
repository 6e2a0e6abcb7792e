//! What the host does, without how it is asked: its state and its use cases, each written once.
//!
//! - [`predict`]: rows to predictions of a registered model, by whichever version answers
//! - [`evaluate`]: labelled rows to scores and drift, kept and counted
//! - [`change`]: which models there are, and which of their versions serve
//! - `watch`: files that may be replaced, and the drift of live traffic
//!
//! Nothing here knows HTTP.

pub(crate) mod call;
pub(crate) mod change;
mod compare;
mod error;
pub(crate) mod evaluate;
pub(crate) mod predict;
pub(crate) mod watch;

use std::sync::Arc;

use canopy_observations::{Batch, ObservationError, Store};
use canopy_pool::{BackgroundPool, NoThreads};
use canopy_runtime::{LoadError, Runtime};

use crate::limits::LimitConfig;
use crate::metrics::Metrics;
use crate::models::{OpenError, RegisteredModel, Registry};
use crate::{config, models};

pub(crate) use error::AppError;

/// Calls at work or waiting that only compare a candidate with the serving version.
const COMPARISONS: usize = 64;

/// The state of a host, apart from how it is reached.
pub struct App {
    /// What calls and requests may use.
    pub limits: LimitConfig,
    /// The models.
    pub models: Registry,
    /// The host's metrics.
    pub metrics: Arc<Metrics>,
    /// Where work goes that takes longer than a prediction.
    pub background: Arc<BackgroundPool>,
    /// Where components are compiled.
    pub uploads: Arc<BackgroundPool>,
    /// Where candidates are compared with serving versions.
    comparisons: BackgroundPool,
    observations: Option<Store>,
    /// Whether uploaded versions are kept.
    pub keeps_versions: bool,
}

/// Why the host could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A model cannot be opened.
    #[error(transparent)]
    Models(#[from] OpenError),
    /// The WebAssembly engine cannot be set up.
    #[error(transparent)]
    Engine(LoadError),
    /// Background threads cannot be started.
    #[error(transparent)]
    Threads(#[from] NoThreads),
    /// Labelled rows cannot be kept.
    #[error("cannot keep observations")]
    Observations(#[from] ObservationError),
}

impl App {
    /// Loads and checks the configured models.
    ///
    /// # Errors
    ///
    /// If a model is not fit to serve or the machine cannot run it.
    pub fn new(
        config: &config::ServeConfig,
        metrics: Arc<Metrics>,
        background: Arc<BackgroundPool>,
        uploads: Arc<BackgroundPool>,
    ) -> Result<Self, SetupError> {
        let models: &models::Config = &config.models;
        let limits = config.limits.runtime(models.max_models);
        let runtime = Runtime::new(&limits, models.cache().as_deref())
            .map_err(SetupError::Engine)?
            .compiling_apart();
        let observations = config.observations.folder.as_deref();
        let observations = observations
            .map(|folder| Store::open(folder, config.observations.retention()))
            .transpose()?;
        let models = Registry::open(
            models.clone(),
            runtime,
            Arc::clone(&metrics),
            config.limits.component_limit(),
            config.live.window(),
        )?;
        Ok(Self {
            limits: config.limits.clone(),
            models,
            metrics,
            background,
            uploads,
            comparisons: BackgroundPool::new(1, COMPARISONS)?,
            observations,
            keeps_versions: config.models.folder.is_some(),
        })
    }

    /// Keeps labelled rows of a model, if the host keeps any: those of the default model in the
    /// folder of observations, those of another one in a folder of its name there.
    fn keep_observations(
        &self,
        model: &Arc<RegisteredModel>,
        batch: impl FnOnce() -> Batch,
    ) -> Option<Result<(), ObservationError>> {
        let default = self.observations.as_ref()?;
        let batch = &batch();
        let is_default = self
            .models
            .default_owned()
            .is_some_and(|default| Arc::ptr_eq(model, &default));
        let kept = if is_default {
            default.append(batch)
        } else {
            default
                .within(model.name.as_str())
                .and_then(|store| store.append(batch))
        };
        Some(kept.map(drop))
    }
}
