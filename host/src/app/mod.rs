//! The application layer: the state of the host and its use cases, independent of HTTP.
//!
//! - [`predict`]: predicts rows with a registered model, by the version that its rollout selects
//! - [`evaluate`]: evaluates a model on labelled rows, and records and stores the results
//! - [`observations`]: lists, shows and removes what evaluations left for retraining
//! - [`change`]: changes the registered models and their rollouts
//! - `watch`: periodic tasks: model files that were replaced, and drift of live traffic

pub(crate) mod call;
pub(crate) mod change;
mod compare;
mod config;
mod error;
pub(crate) mod evaluate;
pub(crate) mod observations;
pub(crate) mod predict;
pub(crate) mod watch;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use canopy_observations::{ObservationError, Store};
use canopy_pool::{BackgroundPool, NoThreads};
use canopy_resources::Budget;
use canopy_runtime::{LoadError, Runtime};
use tracing::warn;

use crate::limits::LimitConfig;
use crate::metrics::Metrics;
use crate::models::{OpenError, RegisteredModel, Registry};
use crate::monitoring::State;

pub use config::Config;
pub(crate) use error::AppError;

/// Maximum number of comparisons of a candidate with the serving version, running or waiting.
const COMPARISONS: usize = 64;

/// The state of a host, independent of HTTP.
pub struct App {
    /// Limits on calls and requests.
    pub limits: LimitConfig,
    /// The registered models.
    pub models: Registry,
    /// The host's metrics.
    pub metrics: Arc<Metrics>,
    /// The pools that work runs in.
    pub pools: Pools,
    /// The memory budget.
    pub memory: Budget,
    /// The pool that compares candidates with serving versions.
    comparisons: BackgroundPool,
    observations: Option<Store>,
    /// Minimum number of rows of an evaluation for its scores and drift to set the gauges.
    counted_rows: usize,
}

/// The pools that work runs in.
pub struct Pools {
    /// The pool for batches.
    pub background: Arc<BackgroundPool>,
    /// The pool for evaluations and drift.
    pub evaluations: Arc<BackgroundPool>,
    /// The pool that compiles components.
    pub uploads: Arc<BackgroundPool>,
}

/// Why the host could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A model could not be opened.
    #[error(transparent)]
    Models(#[from] OpenError),
    /// The WebAssembly engine could not be set up.
    #[error(transparent)]
    Engine(LoadError),
    /// Background threads could not be started.
    #[error(transparent)]
    Threads(#[from] NoThreads),
    /// The state folder could not be opened.
    #[error("cannot keep state in {}; name another folder with --state", .0.display())]
    State(PathBuf, #[source] io::Error),
    /// The folder of observations could not be opened.
    #[error("cannot store observations")]
    Observations(#[from] ObservationError),
}

impl App {
    /// Sets up the host and loads the configured models.
    ///
    /// # Errors
    ///
    /// If a model given on the command line is invalid, or the host cannot be set up on this
    /// machine.
    pub fn new(
        config: &Config,
        metrics: Arc<Metrics>,
        pools: Pools,
        memory: Budget,
    ) -> Result<Self, SetupError> {
        let models = &config.models;
        let limits = config.limits.runtime(models.max_models);
        let runtime = Runtime::new(&limits, models.cache().as_deref())
            .map_err(SetupError::Engine)?
            .within(memory.clone())
            .compiling_apart();
        let observations = config.observations.folder.as_deref();
        let observations = observations
            .map(|folder| Store::open(folder, config.observations.retention()))
            .transpose()?;
        let state = open_state(config)?;
        let models = Registry::open(
            models.clone(),
            runtime,
            Arc::clone(&metrics),
            config.limits.component_limit(),
            config.live.window(),
            state,
        )?;
        Ok(Self {
            limits: config.limits.clone(),
            models,
            metrics,
            pools,
            memory,
            comparisons: BackgroundPool::new(1, COMPARISONS)?,
            observations,
            counted_rows: config.evaluation.counted_rows(),
        })
    }

    /// The observations of a model, if the host stores any: those of the default model are in the
    /// folder of observations, those of other models in subfolders with their names.
    pub(crate) fn observations(&self, model: &Arc<RegisteredModel>) -> Option<Store> {
        let default = self.observations.as_ref()?;
        let is_default = self
            .models
            .default_owned()
            .is_some_and(|default| Arc::ptr_eq(model, &default));
        Some(if is_default {
            default.clone()
        } else {
            default.within(model.name.as_str())
        })
    }
}

/// Opens the state folder, if there is one. One that the operator named must be writable.
fn open_state(config: &Config) -> Result<Option<Arc<State>>, SetupError> {
    let within = || Some(config.models.folder.as_ref()?.join(".state"));
    let named = config.state.folder.clone();
    let Some(folder) = named.clone().or_else(within) else {
        return Ok(None);
    };
    match State::open(&folder, &config.state) {
        Ok(state) => Ok(Some(Arc::new(state))),
        Err(error) if named.is_some() => Err(SetupError::State(folder, error)),
        Err(error) => {
            warn!(?folder, %error, "evaluations and live windows are not kept for the next start; name another folder with --state");
            Ok(None)
        }
    }
}
