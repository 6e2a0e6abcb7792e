//! Readiness of a server.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Ready until the server is told to stop.
#[derive(Debug, Default)]
pub struct Lifecycle {
    stopping: AtomicBool,
    stopped: Notify,
}

impl Lifecycle {
    /// Whether the server is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.stopping.load(Ordering::Relaxed)
    }

    /// Waits until the server is told to stop.
    pub async fn stopping(&self) {
        let stopped = self.stopped.notified();
        if self.is_ready() {
            stopped.await;
        }
    }

    /// Makes the server unready, so that load balancers send no more requests.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.stopped.notify_waiters();
    }
}
