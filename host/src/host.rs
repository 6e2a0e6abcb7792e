//! The state that all requests share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwap, Guard};
use tokio::sync::Semaphore;

use crate::config::ServeConfig;
use crate::lane::Lane;
use crate::metrics::Metrics;
use crate::observation::{ObservationError, Store};
use crate::runtime::{LoadError, Runtime};
use crate::served::Served;
use crate::window::Window;

/// A running host: the serving model and everything that serves it.
pub struct Host {
    /// What it was started with.
    pub config: ServeConfig,
    /// Its metrics.
    pub metrics: Metrics,
    /// Where work goes that takes longer than a prediction.
    pub lane: Lane,
    /// Where labelled rows are kept, if anywhere.
    pub observations: Option<Store>,
    /// Places for requests that call the model.
    pub places: Semaphore,
    runtime: Runtime,
    current: ArcSwap<Current>,
    stopping: AtomicBool,
}

/// The serving model and the window over its predictions.
pub struct Current {
    /// The model.
    pub served: Served,
    /// The rows it predicted last.
    pub window: Window,
    /// Whether its last call took so long that the next one had better not hold up a thread
    /// that answers requests.
    pub is_slow: AtomicBool,
}

impl Current {
    fn new(served: Served, config: &ServeConfig) -> Self {
        Self {
            window: Window::new(config.live.window, served.schema().width()),
            served,
            is_slow: AtomicBool::new(false),
        }
    }
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
    /// The WebAssembly engine cannot be set up.
    #[error(transparent)]
    Engine(LoadError),
    /// The threads of the slow lane cannot be started.
    #[error("cannot start the worker threads")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// Labelled rows cannot be kept.
    #[error("cannot keep observations")]
    Observations(#[from] ObservationError),
    /// A metric is declared twice.
    #[error("cannot register the metrics")]
    Metrics(#[from] prometheus::Error),
}

impl Host {
    /// Loads and checks the configured model; nothing listens yet.
    ///
    /// # Errors
    ///
    /// If the model is not fit to serve or the machine cannot run it.
    pub fn new(config: ServeConfig) -> Result<Self, HostError> {
        let runtime = Runtime::new(&config.limits.runtime(), config.cache.as_deref())
            .map_err(HostError::Engine)?;
        let metrics = Metrics::new()?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let lane = Lane::new(threads.div_ceil(2), config.limits.slow_places)?;
        let observations = config.observations.folder.as_deref();
        let observations = observations
            .map(|folder| Store::open(folder, config.observations.retention()))
            .transpose()?;
        let served = load(&runtime, &config.model)?;
        metrics.serves(&served, None, || ());
        let current = Current::new(served, &config);
        Ok(Self {
            places: Semaphore::new(config.limits.max_in_flight),
            current: ArcSwap::from_pointee(current),
            stopping: AtomicBool::new(false),
            config,
            metrics,
            lane,
            observations,
            runtime,
        })
    }

    /// The serving model; it stays whole for whoever holds it, whatever is swapped meanwhile.
    #[must_use]
    pub fn current(&self) -> Guard<Arc<Current>> {
        self.current.load()
    }

    /// As [`Self::current`], to be held for longer.
    #[must_use]
    pub fn current_owned(&self) -> Arc<Current> {
        self.current.load_full()
    }

    /// Loads the configured model file again and serves it if it is fit to serve. Requests in
    /// flight finish on the model they started with. Takes as long as compiling takes: call it
    /// from the slow lane.
    ///
    /// # Errors
    ///
    /// If the new model is not fit to serve; the old one then goes on serving.
    pub fn reload(&self) -> Result<(), HostError> {
        let served = load(&self.runtime, &self.config.model)?;
        let previous = self.current_owned();
        let next = Arc::new(Current::new(served, &self.config));
        self.metrics
            .serves(&next.served, Some(&previous.served), || {
                self.current.store(Arc::clone(&next));
            });
        Ok(())
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

/// Loads a model, with an instance for every thread that answers requests.
fn load(runtime: &Runtime, path: &Path) -> Result<Served, HostError> {
    let component = std::fs::read(path).map_err(|source| HostError::Read {
        path: path.to_owned(),
        source,
    })?;
    let unfit = |source| HostError::Load {
        path: path.to_owned(),
        source,
    };
    let model = runtime.load(&component).map_err(unfit)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    model
        .warm(u32::try_from(threads).unwrap_or(1))
        .map_err(|source| {
            unfit(LoadError::Call {
                function: "instantiate",
                source,
            })
        })?;
    Ok(Served::new(model))
}
