//! Spans of requests and of their model calls.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use super::queue::Queue;
use super::record::{CalledVersion, Exchange, Operation, Span};

/// The trace context that a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The trace id.
    pub trace: u128,
    /// The id of the calling span.
    pub span: u64,
    /// Whether the trace is recorded.
    pub is_sampled: bool,
    /// `tracestate`: vendor-specific data, passed on unchanged.
    pub state: String,
}

/// The span of a recorded request, until it ends.
#[derive(Clone)]
pub struct RequestSpan(Arc<Current>);

struct Current {
    queue: Arc<Queue>,
    trace: u128,
    span: u64,
    parent: Option<Parent>,
    start: SystemTime,
    model: OnceLock<CalledVersion>,
}

impl RequestSpan {
    pub(super) fn new(queue: Arc<Queue>, parent: Option<Parent>) -> Self {
        let trace = parent.as_ref().map(|parent| parent.trace);
        Self(Arc::new(Current {
            queue,
            trace: trace.unwrap_or_else(|| fastrand::u128(1..)),
            span: fastrand::u64(1..),
            parent,
            start: SystemTime::now(),
            model: OnceLock::new(),
        }))
    }

    /// The trace id, 32 hexadecimal digits.
    #[must_use]
    pub fn trace(&self) -> String {
        format!("{:032x}", self.0.trace)
    }

    /// Ends the request's span.
    pub fn end(&self, exchange: Exchange) {
        let Current { queue, parent, .. } = &*self.0;
        queue.push(Span {
            id: self.0.span,
            parent: parent.as_ref().map(|parent| parent.span),
            is_entry: true,
            model: self.0.model.get().cloned(),
            operation: Operation::Exchange(exchange),
            ..self.span(self.0.start)
        });
    }

    /// Records a model call that has just ended: its duration, and the reason if it failed.
    pub(crate) fn record_call(
        &self,
        model: &str,
        version: &str,
        rows: usize,
        result: Result<Duration, (Duration, &'static str)>,
    ) {
        let called = CalledVersion {
            name: model.to_owned(),
            version: version.to_owned(),
        };
        let (duration, failure) = match result {
            Ok(duration) => (duration, None),
            Err((duration, reason)) => (duration, Some(reason)),
        };
        let now = SystemTime::now();
        // If a request calls several models, its span names the first.
        let _ = self.0.model.set(called.clone());
        self.0.queue.push(Span {
            model: Some(called),
            operation: Operation::Call(rows, failure),
            ..self.span(now.checked_sub(duration).unwrap_or(now))
        });
    }

    fn span(&self, start: SystemTime) -> Span {
        let Current { parent, .. } = &*self.0;
        Span {
            trace: self.0.trace,
            id: fastrand::u64(1..),
            parent: Some(self.0.span),
            is_entry: false,
            state: parent
                .as_ref()
                .map_or_else(String::new, |p| p.state.clone()),
            start,
            end: SystemTime::now().max(start),
            model: None,
            operation: Operation::Call(0, None),
        }
    }
}
