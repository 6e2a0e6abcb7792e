//! The publish gate, which prevents publishing once the service is stopping.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Lets one publication through at a time, and none once it is closed.
#[derive(Debug)]
pub(crate) struct PublishGate(Semaphore);

impl Default for PublishGate {
    fn default() -> Self {
        Self(Semaphore::new(1))
    }
}

impl PublishGate {
    /// Waits for the publication before; it is passed until the result is dropped. `None` if the gate
    /// is closed.
    pub(crate) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        self.0.acquire().await.ok()
    }

    /// Closes the gate, after waiting for a publication in progress.
    pub(crate) async fn close(&self) {
        let _last = self.0.acquire().await;
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_passes_a_closed_gate() {
        let gate = PublishGate::default();
        assert!(gate.enter().await.is_some());
        gate.close().await;
        assert!(gate.enter().await.is_none());
    }
}
