//! The publish gate, which prevents publishing once the service is stopping.

use parking_lot::Mutex;

/// Lets one publication through at a time, and none once it is closed.
#[derive(Debug, Default)]
pub(crate) struct PublishGate {
    closed: Mutex<bool>,
}

impl PublishGate {
    /// Runs `publish`, or returns `None` if the gate is closed.
    pub(crate) fn pass<R>(&self, publish: impl FnOnce() -> R) -> Option<R> {
        let closed = self.closed.lock();
        (!*closed).then(publish)
    }

    /// Closes the gate, after waiting for a publication in progress.
    pub(crate) fn close(&self) {
        *self.closed.lock() = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_a_closed_gate() {
        let gate = PublishGate::default();
        assert_eq!(gate.pass(|| 7), Some(7));
        gate.close();
        assert_eq!(gate.pass(|| 7), None);
    }
}
