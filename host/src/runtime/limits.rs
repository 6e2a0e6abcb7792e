//! What a model's call may use.

use std::time::Duration;

/// Bounds on every call of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of linear memory an instance may grow to.
    pub memory: usize,
    /// Longest time one call may take; rows of a large batch go in several calls.
    pub deadline: Duration,
    /// Most instances of a model at the same time; a further call is refused.
    pub instances: u32,
}

impl Limits {
    /// Four instances for every core, at least 16: more than there are threads that call.
    #[must_use]
    pub fn default_instances() -> u32 {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        u32::try_from(4 * cores).unwrap_or(16).clamp(16, 1000)
    }

    /// Longest time that instantiating and describing a component may take.
    pub(crate) const LOAD_DEADLINE: Duration = Duration::from_secs(10);
}

impl Default for Limits {
    /// 256 MiB of memory, one second, [`Limits::default_instances`].
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            deadline: Duration::from_secs(1),
            instances: Self::default_instances(),
        }
    }
}
