//! Limits on calls and requests.

use std::time::Duration;

use bytesize::ByteSize;
use canopy_resources::Budget;
use canopy_runtime::{Isolation, Limits};
use clap::Args;

/// Limits on calls and requests.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
#[group(id = "limit-config")]
pub struct LimitConfig {
    /// Memory for everything that clients can make grow: requests, responses, models and compilers.
    /// What has no room in it gets a 503 response [default: three quarters of the memory of the
    /// container or machine].
    #[arg(
        long,
        env = "CANOPY_MEMORY",
        value_name = "SIZE",
        value_parser = budget
    )]
    memory: Option<ByteSize>,
    /// Maximum memory of an instance of a model.
    #[arg(
        long,
        env = "CANOPY_MODEL_MEMORY",
        default_value = "256MiB",
        value_name = "SIZE",
        value_parser = memory
    )]
    model_memory: ByteSize,
    /// Maximum duration of one call of a model.
    #[arg(
        long,
        env = "CANOPY_MODEL_DEADLINE",
        default_value = "1s",
        value_name = "TIME"
    )]
    pub model_deadline: humantime::Duration,
    /// Maximum size of a component.
    #[arg(
        long,
        env = "CANOPY_COMPONENT_LIMIT",
        default_value = "64MiB",
        value_name = "SIZE",
        value_parser = limit
    )]
    component_limit: ByteSize,
    /// Whether calls share warm instances of a model or each gets a fresh instance.
    #[arg(long, env = "CANOPY_ISOLATION", default_value = "warm")]
    isolation: Isolation,
    /// Also load components that import WASI. Their world is empty: no files, no network, and always
    /// the same time and random numbers.
    #[arg(long, env = "CANOPY_ALLOW_WASI")]
    allow_wasi: bool,
    /// Maximum total duration of the calls for one batch, and of an evaluation.
    #[arg(
        long,
        env = "CANOPY_BATCH_DEADLINE",
        default_value = "30s",
        value_name = "TIME"
    )]
    batch_deadline: humantime::Duration,
    /// Maximum number of concurrent instances of a model [default: 4 per core, at least 16].
    #[arg(long, env = "CANOPY_MODEL_INSTANCES", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    model_instances: Option<u32>,
    /// Maximum number of concurrent single predictions; further ones get a 503 response.
    #[arg(
        long,
        env = "CANOPY_MAX_IN_FLIGHT",
        default_value = "1024",
        value_name = "N",
        value_parser = count
    )]
    pub max_in_flight: usize,
    /// Maximum number of batches and evaluations running or waiting; further ones get a 503
    /// response.
    #[arg(
        long,
        alias = "slow-places",
        env = "CANOPY_BACKGROUND_PERMITS",
        default_value = "16",
        value_name = "N",
        value_parser = count
    )]
    pub background_permits: usize,
    /// Maximum body size of a single prediction.
    #[arg(
        long,
        env = "CANOPY_RECORD_LIMIT",
        default_value = "1MiB",
        value_name = "SIZE",
        value_parser = limit
    )]
    pub record_limit: ByteSize,
    /// Maximum body size of a batch or an evaluation.
    #[arg(
        long,
        env = "CANOPY_BODY_LIMIT",
        default_value = "64MiB",
        value_name = "SIZE",
        value_parser = limit
    )]
    pub body_limit: ByteSize,
    /// Maximum number of records in a batch or an evaluation; larger ones get a 413 response.
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
    /// Maximum size of a component in bytes.
    #[must_use]
    pub fn component_limit(&self) -> u64 {
        self.component_limit.as_u64()
    }

    /// Maximum duration of an evaluation.
    #[must_use]
    pub fn batch_deadline(&self) -> Duration {
        self.batch_deadline.into()
    }

    /// The memory budget of the process.
    #[must_use]
    pub fn memory(&self) -> Budget {
        let given = self.memory.map(|size| Budget::new(size.as_u64()));
        given.unwrap_or_else(Budget::of_system)
    }

    /// The runtime's limits for up to `models` loaded models.
    #[must_use]
    pub fn runtime(&self, models: u32) -> Limits {
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
            models,
        }
    }
}

/// Parses a count.
fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("expected a whole number from 1 to 1000000".to_owned()),
    }
}

/// Parses a memory budget.
fn budget(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if size >= ByteSize::mib(16) {
        Ok(size)
    } else {
        Err("expected a size of at least 16MiB".to_owned())
    }
}

/// Parses an amount of memory that WebAssembly can address.
fn memory(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if (ByteSize::mib(1)..=ByteSize::gib(4)).contains(&size) {
        Ok(size)
    } else {
        Err("expected a size from 1MiB to 4GiB".to_owned())
    }
}

/// Parses a size limit that is not too small to be useful.
fn limit(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if size >= ByteSize::b(64) {
        Ok(size)
    } else {
        Err("expected a size of at least 64B".to_owned())
    }
}
