//! Readiness of a server.

use std::sync::atomic::{AtomicBool, Ordering};

/// Ready until the server is told to stop.
#[derive(Debug, Default)]
pub struct Lifecycle {
    stopping: AtomicBool,
}

impl Lifecycle {
    /// Whether the server is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.stopping.load(Ordering::Relaxed)
    }

    /// Makes the server unready, so that load balancers send no more requests.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}
