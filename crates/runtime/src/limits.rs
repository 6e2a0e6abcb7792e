//! What models and their calls may use.

use std::time::Duration;

/// Bounds on components and on every call of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a component.
    pub component: usize,
    /// Most bytes of linear memory an instance may grow to.
    pub memory: usize,
    /// Longest time one call may take; rows of a large batch go in several calls.
    pub deadline: Duration,
    /// Longest time that all calls for one batch may take.
    pub batch_deadline: Duration,
    /// Most instances of a model at the same time; a further call is refused.
    pub instances: u32,
    /// Models that may be loaded at the same time.
    pub models: u32,
    /// Whether calls share instances.
    pub isolation: Isolation,
    /// Whether components may import WASI; they find an empty world there.
    pub wasi: bool,
}

/// Whether a call may find what an earlier call left in the memory of its instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Isolation {
    /// Instances are kept warm and serve one call after the other.
    Warm,
    /// Every call gets a fresh instance of its own.
    Call,
}

impl Limits {
    /// Four instances for every core, at least 16: more than there are threads that call.
    #[must_use]
    pub fn default_instances() -> u32 {
        u32::try_from(4 * cores()).unwrap_or(16).clamp(16, 1000)
    }

    /// Longest time that instantiating and describing a component may take.
    pub const LOAD_DEADLINE: Duration = Duration::from_secs(10);
    /// Most processor time that compiling a component may take in a process of its own.
    pub const COMPILATION_TIME: Duration = Duration::from_secs(60);
    /// Most bytes of memory that it may take there.
    pub const COMPILATION_MEMORY: u64 = 2 << 30;
    /// Most features of a model.
    pub const FEATURES: usize = 10_000;
    /// Most classes of a model.
    pub const CLASSES: usize = 1000;
    /// Most rows of a reference sample.
    pub const REFERENCE_ROWS: usize = 100_000;
}

/// Processor cores that this process may use; 1 where the system does not say.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Default for Limits {
    /// Components of 64 MiB, 16 of them, warm and without WASI; 256 MiB of memory, one second,
    /// 30 for a batch, [`Limits::default_instances`].
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
