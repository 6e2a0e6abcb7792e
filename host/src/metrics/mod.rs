//! Every metric, declared once. The help text says what it is.
//!
//! - [`Metrics`]: those of the host
//! - [`DoorMetrics`]: those of the host about its users
//! - [`ModelMetrics`]: those of one model, all with the label `model`

mod door;
mod latency;
mod maker;
mod model;

use std::collections::BTreeMap;
use std::time::Duration;

use arc_swap::ArcSwap;
use prometheus::core::Collector as _;
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::MetricFamily;
use prometheus::{
    Encoder as _, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    Registry, TextEncoder,
};

use crate::runtime::LoadError;
pub use door::DoorMetrics;
pub use latency::Latencies;
use maker::Maker;
pub use model::{CandidateCall, ModelMetrics};

/// Upper bounds of the request duration histogram, in seconds: 50 µs to 10 s.
const DURATIONS: [f64; 17] = [
    50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.2, 0.5, 1.0, 2.0,
    5.0, 10.0,
];

/// Labels of a request.
const REQUEST: &[&str] = &["endpoint", "method", "status_code"];

/// The host's metrics.
pub struct Metrics {
    /// Who was let in and who was not.
    pub door: DoorMetrics,
    registry: Registry,
    requests: IntCounterVec,
    request_duration: HistogramVec,
    /// Metrics of the kinds of answers that were given already, of which there are a few dozen:
    /// to find one among them takes less time than by its labels.
    answers: ArcSwap<Vec<Answers>>,
    in_flight: IntGauge,
    rejected_components: IntCounterVec,
    spans: IntCounterVec,
}

/// What became of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanOutcome {
    /// The collector took it.
    Exported,
    /// The collector did not take it.
    Failed,
    /// Too many were waiting for the collector.
    Dropped,
}

impl SpanOutcome {
    const ALL: [Self; 3] = [Self::Exported, Self::Failed, Self::Dropped];

    fn label(self) -> &'static str {
        match self {
            Self::Exported => "exported",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

impl Metrics {
    /// All metrics, at zero.
    ///
    /// # Errors
    ///
    /// If two metrics have the same name, which is a mistake in this file.
    pub fn new() -> Result<Self, prometheus::Error> {
        let make = Maker(Registry::new());
        make.0.register(Box::new(ProcessCollector::for_self()))?;
        let metrics = Self {
            door: DoorMetrics::new(&make)?,
            requests: make.counters(
                "api_requests_total",
                "Requests answered, by matched route, method and status.",
                REQUEST,
            )?,
            request_duration: make.keep(HistogramVec::new(
                HistogramOpts::new(
                    "api_request_duration_seconds",
                    "Time from the head of a request to its answer.",
                )
                .buckets(DURATIONS.to_vec()),
                REQUEST,
            )?)?,
            answers: ArcSwap::default(),
            in_flight: make.int_gauge(
                "api_requests_in_flight",
                "Requests being answered at the moment.",
            )?,
            rejected_components: make.counters(
                "model_loads_rejected_total",
                "Components that were not fit to serve, by reason.",
                &["reason"],
            )?,
            spans: make.counters(
                "otlp_spans_total",
                "Spans for the OpenTelemetry collector, by what became of them.",
                &["outcome"],
            )?,
            registry: make.0,
        };
        for reason in LoadError::REASONS {
            metrics.rejected_components.with_label_values(&[reason]);
        }
        for outcome in SpanOutcome::ALL {
            metrics.spans(outcome, 0);
        }
        Ok(metrics)
    }

    /// Something became of spans.
    pub fn spans(&self, outcome: SpanOutcome, count: usize) {
        self.spans
            .with_label_values(&[outcome.label()])
            .inc_by(count as u64);
    }

    /// A request begins; it counts as in flight until the guard is dropped.
    #[must_use]
    pub fn request(&self) -> InFlight<'_> {
        self.in_flight.inc();
        InFlight(&self.in_flight)
    }

    /// A request was answered.
    pub fn answered(&self, endpoint: &str, method: &'static str, status: u16, duration: Duration) {
        let known = self.answers.load();
        let same = |answers: &&Answers| {
            answers.status == status && answers.method == method && answers.endpoint == endpoint
        };
        match known.iter().find(same) {
            Some(answers) => answers.add(duration),
            None => {
                let text = status.to_string();
                let labels = [endpoint, method, &text];
                let answers = Answers {
                    endpoint: endpoint.to_owned(),
                    method,
                    status,
                    count: self.requests.with_label_values(&labels),
                    durations: self.request_duration.with_label_values(&labels),
                };
                answers.add(duration);
                self.answers
                    .rcu(|known| [&known[..], std::slice::from_ref(&answers)].concat());
            }
        }
    }

    /// A component was not fit to serve.
    pub fn load_rejected(&self, error: &LoadError) {
        self.rejected_components
            .with_label_values(&[error.reason()])
            .inc();
    }

    /// How long answers to single predictions took, for all models together.
    #[must_use]
    pub fn predictions(&self) -> Latencies {
        let mut latencies = Latencies::new(&DURATIONS);
        for family in self.request_duration.collect() {
            for metric in family.get_metric() {
                let labels = metric.get_label();
                let endpoint = labels.iter().find(|label| label.name() == "endpoint");
                if endpoint.is_some_and(|label| label.value().ends_with("/predict")) {
                    latencies.add(metric.get_histogram());
                }
            }
        }
        latencies
    }

    /// The host's metrics and those of its models in the text format of Prometheus.
    ///
    /// # Errors
    ///
    /// If a metric cannot be encoded, which is a mistake in this module.
    pub fn text(
        &self,
        models: impl Iterator<Item = Vec<MetricFamily>>,
    ) -> Result<String, prometheus::Error> {
        // A metric that several models have is one family.
        let mut families: BTreeMap<String, MetricFamily> = BTreeMap::new();
        for mut family in models.flatten().chain(self.registry.gather()) {
            match families.get_mut(family.name()) {
                Some(known) => known.mut_metric().extend(family.take_metric()),
                None => {
                    families.insert(family.name().to_owned(), family);
                }
            }
        }
        let families: Vec<MetricFamily> = families.into_values().collect();
        let mut text = Vec::new();
        TextEncoder::new().encode(&families, &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// Metrics of the answers to a route's requests with a method that have a status.
#[derive(Clone)]
struct Answers {
    endpoint: String,
    method: &'static str,
    status: u16,
    count: IntCounter,
    durations: Histogram,
}

impl Answers {
    fn add(&self, duration: Duration) {
        self.count.inc();
        self.durations.observe(duration.as_secs_f64());
    }
}

/// A request in flight.
#[derive(Debug)]
pub struct InFlight<'a>(&'a IntGauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}
