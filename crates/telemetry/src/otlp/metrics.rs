//! Metrics of trace export.

use prometheus::IntCounterVec;

crate::families! {
    /// Metrics of trace export.
    pub struct SpanMetrics {
        /// Spans for the OpenTelemetry collector, by what became of them.
        spans: IntCounterVec = "otlp_spans_total" ["outcome"],
    }
}

impl SpanMetrics {
    /// Counts spans.
    pub(super) fn count(&self, outcome: Outcome, spans: usize) {
        let counter = self.spans.with_label_values(&[outcome.label()]);
        counter.inc_by(spans as u64);
    }
}

/// The outcome of exporting a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The collector accepted it.
    Exported,
    /// The collector did not accept it.
    Failed,
    /// The queue was full.
    Dropped,
}

impl Outcome {
    pub(super) const ALL: [Self; 3] = [Self::Exported, Self::Failed, Self::Dropped];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Exported => "exported",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}
