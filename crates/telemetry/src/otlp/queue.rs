//! Spans that wait for the exporter.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc};

use super::metrics::{Outcome, SpanMetrics};
use super::record::Span;

/// Spans that wait at the most.
const CAPACITY: usize = 8192;

/// A bounded queue of spans.
pub(super) struct Queue {
    sender: mpsc::Sender<Span>,
    metrics: Arc<SpanMetrics>,
    signals: Arc<Signals>,
}

/// What the exporter waits for besides time.
#[derive(Default)]
pub(super) struct Signals {
    /// The queue is half full.
    pub(super) crowded: Notify,
    /// There will be no more spans.
    pub(super) stop: Notify,
}

impl Queue {
    /// A queue and its other end.
    pub(super) fn new(metrics: Arc<SpanMetrics>) -> (Arc<Self>, mpsc::Receiver<Span>) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let queue = Self {
            sender,
            metrics,
            signals: Arc::default(),
        };
        (Arc::new(queue), receiver)
    }

    /// Adds a span, unless the queue is full.
    pub(super) fn push(&self, span: Span) {
        if self.sender.try_send(span).is_err() {
            self.metrics.count(Outcome::Dropped, 1);
        }
        if self.sender.capacity() < CAPACITY / 2 {
            self.signals.crowded.notify_one();
        }
    }

    /// Has the exporter send what is left and end.
    pub(super) fn stop(&self) {
        self.signals.stop.notify_one();
    }

    pub(super) fn signals(&self) -> Arc<Signals> {
        Arc::clone(&self.signals)
    }
}
