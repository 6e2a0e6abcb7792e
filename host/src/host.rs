//! The state that all requests share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;

use crate::config::ServeConfig;
use crate::door::{Door, DoorError};
use crate::lane::Lane;
use crate::metrics::Metrics;
use crate::models::{InvalidName, ModelName, Registry, Slot};
use crate::observation::{Batch, ObservationError, Store};
use crate::otlp::Tracer;
use crate::runtime::{Limits, LoadError, Runtime};
use crate::tls::{Tls, TlsError};

/// Most components that are being uploaded or compiled for a client.
const UPLOADS: usize = 4;
/// Most calls at work or waiting that only compare a candidate with the serving version.
const OPINIONS: usize = 64;

/// A running host: its models and everything that serves them.
pub struct Host {
    /// What it was started with.
    pub config: ServeConfig,
    /// Its metrics.
    pub metrics: Arc<Metrics>,
    /// Where work goes that takes longer than a prediction.
    pub lane: Lane,
    /// Where components are compiled.
    pub loader: Lane,
    /// The models.
    pub models: Registry,
    /// Places for requests that call a model.
    pub places: Semaphore,
    /// Where candidates are compared with serving versions.
    pub opinions: Lane,
    /// Who may send requests; all, if there is none.
    pub door: Option<Arc<Door>>,
    /// Who notes spans, if anybody does.
    pub tracer: Option<Arc<Tracer>>,
    /// The certificate, if connections are encrypted.
    pub tls: Option<Tls>,
    observations: Option<Store>,
    stopping: AtomicBool,
}

/// Why the host could not be set up or a model not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The component cannot be read.
    #[error("cannot read the model {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The component is not served.
    #[error("cannot serve the model {path}")]
    Load {
        /// The file.
        path: PathBuf,
        /// Why.
        source: LoadError,
    },
    /// The component calls itself something that is no name of a model.
    #[error("name the model: --model NAME=FILE")]
    Name(#[source] InvalidName),
    /// Two models have the same name.
    #[error("{} has the name of another model; give it one of its own: --model NAME=FILE", .0.display())]
    Twice(PathBuf),
    /// There are more models than allowed.
    #[error("there are {0} models, --max-models allows {1}")]
    TooMany(usize, usize),
    /// The default model is not there.
    #[error("there is no model to serve named {0}")]
    NoDefault(ModelName),
    /// A model has neither a file nor a version that can be served.
    #[error("no version of {0} can be served; the log says why")]
    NoVersion(ModelName),
    /// Models cannot be read from or kept in a folder.
    #[error("cannot keep models in {}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The WebAssembly engine cannot be set up.
    #[error(transparent)]
    Engine(LoadError),
    /// The threads of a lane cannot be started.
    #[error("cannot start the worker threads")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// Labelled rows cannot be kept.
    #[error("cannot keep observations")]
    Observations(#[from] ObservationError),
    /// The users are not known.
    #[error("cannot tell users from others")]
    Door(#[from] DoorError),
    /// There is no certificate.
    #[error("cannot encrypt connections")]
    Tls(#[from] TlsError),
    /// A metric is declared twice.
    #[error("cannot register the metrics")]
    Metrics(#[from] prometheus::Error),
}

impl HostError {
    /// A folder of models cannot be used.
    pub(crate) fn folder(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Folder { path, source }
    }
}

impl Host {
    /// Loads and checks the configured models; nothing listens yet. Needs tokio's runtime.
    ///
    /// # Errors
    ///
    /// If a model is not fit to serve or the machine cannot run it.
    pub fn new(config: ServeConfig) -> Result<Self, HostError> {
        let door = Door::open(&config.door)?.map(Arc::new);
        let tls = Tls::open(&config.door)?;
        let cache = config.models.cache();
        let limits = Limits {
            models: config.models.max_models,
            ..config.limits.runtime()
        };
        let runtime = Runtime::new(&limits, cache.as_deref())
            .map_err(HostError::Engine)?
            .compiling_apart();
        let metrics = Arc::new(Metrics::new()?);
        let tracer = Tracer::start(&config.traces, &metrics);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let lane = Lane::new(threads.div_ceil(2), config.limits.slow_places)?;
        let opinions = Lane::new(1, OPINIONS)?;
        let loader = Lane::new(threads, UPLOADS)?;
        let observations = config.observations.folder.as_deref();
        let observations = observations
            .map(|folder| Store::open(folder, config.observations.retention()))
            .transpose()?;
        let models = Registry::open(&config, runtime, Arc::clone(&metrics))?;
        Ok(Self {
            places: Semaphore::new(config.limits.max_in_flight),
            stopping: AtomicBool::new(false),
            config,
            metrics,
            lane,
            loader,
            opinions,
            models,
            door,
            tracer,
            tls,
            observations,
        })
    }

    /// Keeps labelled rows of a model, if the host keeps any: those of the default model in the
    /// folder of observations, those of another one in a folder of its name there.
    ///
    /// # Errors
    ///
    /// If they cannot be written; nothing has changed then.
    pub fn observe(
        &self,
        slot: &Arc<Slot>,
        batch: impl FnOnce() -> Batch,
    ) -> Option<Result<(), ObservationError>> {
        let default = self.observations.as_ref()?;
        let batch = &batch();
        let is_default = self
            .models
            .default_owned()
            .is_some_and(|model| Arc::ptr_eq(slot, &model));
        let kept = if is_default {
            default.append(batch)
        } else {
            default
                .within(slot.name.as_str())
                .and_then(|store| store.append(batch))
        };
        Some(kept.map(drop))
    }

    /// Whether the host takes requests; false once it has been told to stop.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.stopping.load(Ordering::Relaxed)
    }

    /// From now on the host is not ready, so that balancers send no more requests.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}
