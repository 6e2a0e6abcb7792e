//! The queue of spans to export.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc};

use super::metrics::{Outcome, SpanMetrics};
use super::record::Span;

/// Maximum number of spans in the queue.
const CAPACITY: usize = 8192;

/// A bounded queue of spans.
pub(super) struct Queue {
    sender: mpsc::Sender<Span>,
    metrics: Arc<SpanMetrics>,
    signals: Arc<Signals>,
}

/// Signals that wake the exporter before its interval ends.
#[derive(Default)]
pub(super) struct Signals {
    /// The queue is half full.
    pub(super) half_full: Notify,
    /// No more spans will follow.
    pub(super) stop: Notify,
}

impl Queue {
    /// Creates a queue and its receiver.
    pub(super) fn new(metrics: Arc<SpanMetrics>) -> (Arc<Self>, mpsc::Receiver<Span>) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let queue = Self {
            sender,
            metrics,
            signals: Arc::default(),
        };
        (Arc::new(queue), receiver)
    }

    /// Adds a span; drops it if the queue is full.
    pub(super) fn push(&self, span: Span) {
        if self.sender.try_send(span).is_err() {
            self.metrics.count(Outcome::Dropped, 1);
        }
        if self.sender.capacity() < CAPACITY / 2 {
            self.signals.half_full.notify_one();
        }
    }

    /// Makes the exporter export the remaining spans and end.
    pub(super) fn stop(&self) {
        self.signals.stop.notify_one();
    }

    pub(super) fn signals(&self) -> Arc<Signals> {
        Arc::clone(&self.signals)
    }
}
