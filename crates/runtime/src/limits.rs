//! Resource limits for models and calls.

use std::time::Duration;

use canopy_resources::cores;

/// Limits on components and on every call of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum size of a component in bytes.
    pub component: usize,
    /// Maximum linear memory of an instance in bytes.
    pub memory: usize,
    /// Maximum duration of one call; the rows of a large batch are split over several calls.
    pub deadline: Duration,
    /// Maximum duration of all calls for one batch.
    pub batch_deadline: Duration,
    /// Maximum number of concurrent instances of a model; further calls are refused.
    pub instances: u32,
    /// Maximum number of models loaded at the same time.
    pub models: u32,
    /// Whether calls share instances.
    pub isolation: Isolation,
    /// Whether components may import WASI; the world it gives them is empty.
    pub wasi: bool,
}

/// Whether a call can see what earlier calls left in the memory of its instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Isolation {
    /// Instances are kept warm and reused for later calls.
    Warm,
    /// Every call gets a fresh instance.
    Call,
}

impl Limits {
    /// Four instances per core, at least 16: more than the number of threads that make calls.
    #[must_use]
    pub fn default_instances() -> u32 {
        u32::try_from(4 * cores()).unwrap_or(16).clamp(16, 1000)
    }

    /// Maximum duration of each of these: instantiating a component, calling `describe` and calling
    /// `reference`.
    pub const LOAD_DEADLINE: Duration = Duration::from_secs(10);
    /// Limit on the processor time for compiling one component.
    pub const COMPILATION_TIME: Duration = Duration::from_secs(60);
    /// Limit on the memory for compiling one component, in bytes.
    pub const COMPILATION_MEMORY: u64 = 2 << 30;
    /// Maximum number of features of a model.
    pub const FEATURES: usize = 10_000;
    /// Maximum number of classes of a model.
    pub const CLASSES: usize = 1000;
    /// Maximum number of rows in a reference sample.
    pub const REFERENCE_ROWS: usize = 100_000;
}

impl Default for Limits {
    /// 16 models of up to 64 MiB with 256 MiB of memory per instance; 1 s per call and 30 s per
    /// batch; [`Limits::default_instances`], warm, without WASI.
    fn default() -> Self {
        Self {
            component: 64 << 20,
            memory: 256 << 20,
            deadline: Duration::from_secs(1),
            batch_deadline: Duration::from_secs(30),
            instances: Self::default_instances(),
            models: 16,
            isolation: Isolation::Warm,
            wasi: false,
        }
    }
}
