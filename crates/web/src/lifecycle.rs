//! Whether a server takes requests.

use std::sync::atomic::{AtomicBool, Ordering};

/// Ready from the start until the server is told to stop.
#[derive(Debug, Default)]
pub struct Lifecycle {
    stopping: AtomicBool,
}

impl Lifecycle {
    /// Whether requests are taken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.stopping.load(Ordering::Relaxed)
    }

    /// From now on the server is not ready, so that balancers send no more requests.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}
