//! What the host is told on the command line or by environment variables.

mod door;
mod trace;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, ValueEnum};

pub use door::DoorConfig;
pub use trace::{Endpoint, TraceConfig};

use crate::models::ModelName;
use crate::observation::Retention;
use crate::runtime::{Isolation, Limits};

/// Everything `canopy serve` is told.
#[derive(Debug, Clone, Args)]
pub struct ServeConfig {
    /// What is served.
    #[command(flatten)]
    pub models: ModelConfig,
    /// Where clients connect.
    #[command(flatten)]
    pub network: NetworkConfig,
    /// Who may send requests.
    #[command(flatten)]
    pub door: DoorConfig,
    /// What calls and requests may use.
    #[command(flatten)]
    pub limits: LimitConfig,
    /// How drift of live traffic is watched.
    #[command(flatten)]
    pub live: LiveConfig,
    /// Where labelled rows are kept for a retraining.
    #[command(flatten)]
    pub observations: ObservationConfig,
    /// Where traces go.
    #[command(flatten)]
    pub traces: TraceConfig,
    /// How the log is written.
    #[command(flatten)]
    pub log: LogConfig,
}

/// What is served.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Models")]
#[group(skip)]
pub struct ModelConfig {
    /// A model to serve: a component file, and what it is called [default: what it calls itself].
    /// When the file is replaced, or on SIGHUP, it is loaded again, checked, and swapped in. The
    /// first one is the default model.
    #[arg(
        long = "model",
        env = "CANOPY_MODEL",
        value_name = "[NAME=]FILE",
        value_delimiter = ',',
        required_unless_present = "models"
    )]
    pub files: Vec<GivenModel>,
    /// Folder of models: each NAME.wasm in it is served, and uploaded versions are kept in it.
    /// Without it models cannot be uploaded or rolled back.
    #[arg(id = "models", long, env = "CANOPY_MODELS", value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// The model that is meant where none is named [default: the first].
    #[arg(
        long = "default-model",
        env = "CANOPY_DEFAULT_MODEL",
        value_name = "NAME"
    )]
    pub default: Option<ModelName>,
    /// Folder in which compiled code is kept for the next start [default: .cache in the folder
    /// of models, if there is one].
    #[arg(long, env = "CANOPY_CACHE", value_name = "FOLDER")]
    cache: Option<PathBuf>,
    /// Most versions of a model that are kept, at least 2.
    #[arg(
        long,
        env = "CANOPY_KEEP_VERSIONS",
        default_value = "5",
        value_name = "N",
        value_parser = count
    )]
    pub keep_versions: usize,
    /// Most models.
    #[arg(long, env = "CANOPY_MAX_MODELS", default_value = "16", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_models: u32,
    /// Time between two looks at whether a model file was replaced.
    #[arg(
        long,
        env = "CANOPY_WATCH_INTERVAL",
        default_value = "1s",
        value_name = "TIME"
    )]
    watch_interval: humantime::Duration,
}

impl ModelConfig {
    /// Time between two looks at the model files; at least a millisecond.
    #[must_use]
    pub fn watch_interval(&self) -> Duration {
        Duration::from(self.watch_interval).max(Duration::from_millis(1))
    }

    /// Folder of compiled code, if there is one.
    #[must_use]
    pub fn cache(&self) -> Option<PathBuf> {
        let within = || Some(self.folder.as_ref()?.join(".cache"));
        self.cache.clone().or_else(within)
    }

    /// Most models.
    #[must_use]
    pub fn most(&self) -> usize {
        self.max_models as usize
    }
}

/// A model that was named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenModel {
    /// What it is called, if not what it calls itself.
    pub name: Option<ModelName>,
    /// Its component.
    pub path: PathBuf,
}

impl FromStr for GivenModel {
    type Err = Infallible;

    /// What is before a `=` is a name if it can be one, otherwise a part of the path.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let named = text
            .split_once('=')
            .and_then(|(name, path)| Some((name.parse().ok()?, path)));
        Ok(match named {
            Some((name, path)) => Self {
                name: Some(name),
                path: path.into(),
            },
            None => Self {
                name: None,
                path: text.into(),
            },
        })
    }
}

/// Where clients connect, and how long they may take.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkConfig {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(
        long,
        env = "CANOPY_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,
    /// Most connections at the same time; further ones wait to be accepted.
    #[arg(
        long,
        env = "CANOPY_MAX_CONNECTIONS",
        default_value = "4096",
        value_name = "N",
        value_parser = count
    )]
    pub max_connections: usize,
    /// Longest time to send a request's head, and longest idle time of a connection.
    #[arg(
        long,
        env = "CANOPY_HEADER_TIMEOUT",
        default_value = "30s",
        value_name = "TIME"
    )]
    pub header_timeout: humantime::Duration,
    /// Longest time to send a request's body.
    #[arg(
        long,
        env = "CANOPY_BODY_TIMEOUT",
        default_value = "30s",
        value_name = "TIME"
    )]
    pub body_timeout: humantime::Duration,
    /// Longest time that a client may leave an answer unread.
    #[arg(
        long,
        env = "CANOPY_WRITE_TIMEOUT",
        default_value = "30s",
        value_name = "TIME"
    )]
    pub write_timeout: humantime::Duration,
    /// When told to stop: how long /ready and every answer's `connection: close` say so before
    /// connections are refused, for balancers and clients to move away.
    #[arg(
        long,
        env = "CANOPY_DRAIN",
        default_value = "500ms",
        value_name = "TIME"
    )]
    pub drain: humantime::Duration,
    /// Longest time to finish requests in flight when told to stop.
    #[arg(
        long,
        env = "CANOPY_SHUTDOWN_TIMEOUT",
        default_value = "30s",
        value_name = "TIME"
    )]
    pub shutdown_timeout: humantime::Duration,
}

/// What calls and requests may use.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitConfig {
    /// Most memory an instance of the model may grow to.
    #[arg(
        long,
        env = "CANOPY_MODEL_MEMORY",
        default_value = "256MiB",
        value_name = "SIZE",
        value_parser = memory
    )]
    pub model_memory: ByteSize,
    /// Longest time one call of the model may take.
    #[arg(
        long,
        env = "CANOPY_MODEL_DEADLINE",
        default_value = "1s",
        value_name = "TIME"
    )]
    pub model_deadline: humantime::Duration,
    /// Largest component that is loaded.
    #[arg(
        long,
        env = "CANOPY_COMPONENT_LIMIT",
        default_value = "64MiB",
        value_name = "SIZE",
        value_parser = limit
    )]
    pub component_limit: ByteSize,
    /// Whether calls share warm instances of the model, or every call gets a fresh one.
    #[arg(long, env = "CANOPY_ISOLATION", default_value = "warm")]
    pub isolation: Isolation,
    /// Load components that import WASI too; they find an empty world: no files, no network, the same
    /// time and random numbers always.
    #[arg(long, env = "CANOPY_ALLOW_WASI")]
    pub allow_wasi: bool,
    /// Longest time that all calls for one batch or evaluation may take.
    #[arg(
        long,
        env = "CANOPY_BATCH_DEADLINE",
        default_value = "30s",
        value_name = "TIME"
    )]
    batch_deadline: humantime::Duration,
    /// Most instances of the model at the same time [default: 4 for every core, at least 16].
    #[arg(long, env = "CANOPY_MODEL_INSTANCES", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    model_instances: Option<u32>,
    /// Most single predictions in flight; further ones are answered 503.
    #[arg(
        long,
        env = "CANOPY_MAX_IN_FLIGHT",
        default_value = "1024",
        value_name = "N",
        value_parser = count
    )]
    pub max_in_flight: usize,
    /// Most batches and evaluations at work or waiting; further ones are answered 503.
    #[arg(
        long,
        env = "CANOPY_SLOW_PLACES",
        default_value = "16",
        value_name = "N",
        value_parser = count
    )]
    pub slow_places: usize,
    /// Largest body of a single prediction.
    #[arg(
        long,
        env = "CANOPY_RECORD_LIMIT",
        default_value = "1MiB",
        value_name = "SIZE",
        value_parser = limit
    )]
    pub record_limit: ByteSize,
    /// Largest body of a batch or an evaluation.
    #[arg(
        long,
        env = "CANOPY_BODY_LIMIT",
        default_value = "64MiB",
        value_name = "SIZE",
        value_parser = limit
    )]
    pub body_limit: ByteSize,
    /// Most records of a batch or an evaluation; one with more is answered 413.
    #[arg(
        long,
        env = "CANOPY_MAX_ROWS",
        default_value = "1000000",
        value_name = "N",
        value_parser = count
    )]
    pub max_rows: usize,
}

impl LimitConfig {
    /// The limits of a model's calls.
    #[must_use]
    pub fn runtime(&self) -> Limits {
        let bytes = |size: ByteSize| usize::try_from(size.as_u64()).unwrap_or(usize::MAX);
        Limits {
            component: bytes(self.component_limit),
            memory: bytes(self.model_memory),
            deadline: self.model_deadline.into(),
            batch_deadline: self.batch_deadline.into(),
            instances: self
                .model_instances
                .unwrap_or_else(Limits::default_instances),
            isolation: self.isolation,
            wasi: self.allow_wasi,
            ..Limits::default()
        }
    }
}

/// A count that a host can work with.
fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("expected a whole number from 1 to 1000000".to_owned()),
    }
}

/// Memory that WebAssembly can address.
fn memory(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if (ByteSize::mib(1)..=ByteSize::gib(4)).contains(&size) {
        Ok(size)
    } else {
        Err("expected a size from 1MiB to 4GiB".to_owned())
    }
}

/// A limit that lets something through.
fn limit(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if size >= ByteSize::b(64) {
        Ok(size)
    } else {
        Err("expected a size of at least 64B".to_owned())
    }
}

/// How drift of live traffic is watched.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Live drift")]
pub struct LiveConfig {
    /// Predicted rows in the sliding window.
    #[arg(
        long = "live-window",
        env = "CANOPY_LIVE_WINDOW",
        default_value = "1000",
        value_name = "ROWS",
        value_parser = count
    )]
    pub window: usize,
    /// Time between two computations of the window's drift.
    #[arg(
        long = "live-interval",
        env = "CANOPY_LIVE_INTERVAL",
        default_value = "10s",
        value_name = "TIME"
    )]
    interval: humantime::Duration,
}

impl LiveConfig {
    /// Time between two computations; at least a millisecond.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from(self.interval).max(Duration::from_millis(1))
    }
}

/// Where labelled rows are kept for a retraining.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Observations")]
pub struct ObservationConfig {
    /// Folder in which every successful evaluation is kept as a Parquet file [default: none].
    #[arg(
        long = "observations",
        env = "CANOPY_OBSERVATIONS",
        value_name = "FOLDER"
    )]
    pub folder: Option<PathBuf>,
    /// Longest time that an evaluation is kept.
    #[arg(
        long = "observations-age",
        env = "CANOPY_OBSERVATIONS_AGE",
        default_value = "90d",
        value_name = "TIME"
    )]
    age: humantime::Duration,
    /// Most bytes that are kept; the oldest evaluations go first.
    #[arg(
        long = "observations-size",
        env = "CANOPY_OBSERVATIONS_SIZE",
        default_value = "1GiB",
        value_name = "SIZE"
    )]
    size: ByteSize,
}

impl ObservationConfig {
    /// How long evaluations are kept.
    #[must_use]
    pub fn retention(&self) -> Retention {
        Retention {
            age: self.age.into(),
            size: self.size.as_u64(),
        }
    }
}

/// How the log is written.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
pub struct LogConfig {
    /// Form of the log on standard error.
    #[arg(long = "log-format", env = "CANOPY_LOG_FORMAT", default_value = "text")]
    pub format: LogFormat,
    /// What is logged: a level, or a filter such as `canopy=debug`; every request is at `debug`.
    #[arg(
        long = "log",
        env = "CANOPY_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub filter: String,
}

/// Forms of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
