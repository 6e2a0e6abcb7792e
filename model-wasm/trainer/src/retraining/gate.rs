//! The way to the served file, which closes when the service stops.

use std::sync::{Mutex, PoisonError};

/// Lets one piece of work through at a time, and none once it is closed.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    closed: Mutex<bool>,
}

impl Gate {
    /// Does a piece of work; `None` if the gate is closed.
    pub(crate) fn pass<R>(&self, work: impl FnOnce() -> R) -> Option<R> {
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        (!*closed).then(work)
    }

    /// Closes the gate, once whatever is passing is through.
    pub(crate) fn close(&self) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_a_closed_gate() {
        let gate = Gate::default();
        assert_eq!(gate.pass(|| 7), Some(7));
        gate.close();
        assert_eq!(gate.pass(|| 7), None);
    }
}
