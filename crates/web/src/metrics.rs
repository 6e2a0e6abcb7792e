//! HTTP metrics.

use std::time::Duration;

use arc_swap::ArcSwap;
use canopy_telemetry::families;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, Registry};

/// Bucket bounds of the request duration histogram, in seconds: 50 µs to 10 s.
const DURATIONS: [f64; 17] = [
    50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.2, 0.5, 1.0, 2.0,
    5.0, 10.0,
];

families! {
    struct Families {
        /// Requests answered, by matched route, method and status.
        requests: IntCounterVec = "api_requests_total" ["endpoint", "method", "status_code"],
        /// Time from the head of a request to its answer.
        duration: HistogramVec = "api_request_duration_seconds"
            ["endpoint", "method", "status_code"] buckets DURATIONS,
        /// Requests being answered at the moment.
        in_flight: IntGauge = "api_requests_in_flight",
    }
}

/// HTTP metrics of a server.
pub struct HttpMetrics {
    families: Families,
    /// Children of the metric families, by route, method and status: a few dozen. Searching them
    /// is faster than looking one up by its labels.
    answers: ArcSwap<Vec<Answers>>,
}

impl HttpMetrics {
    /// All metric families.
    pub const DECLARATIONS: &'static [canopy_telemetry::metrics::Declaration] =
        Families::DECLARATIONS;
    /// Bucket bounds of [`Self::durations`], in seconds.
    pub const BUCKETS: &'static [f64] = &DURATIONS;

    /// Registers all metrics.
    ///
    /// # Errors
    ///
    /// If the registry has a metric of the same name.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        Ok(Self {
            families: Families::register(registry)?,
            answers: ArcSwap::default(),
        })
    }

    /// Counts a request as in flight until the guard is dropped.
    pub(super) fn begin(&self) -> InFlight<'_> {
        self.families.in_flight.inc();
        InFlight(&self.families.in_flight)
    }

    /// Records an answered request.
    pub(super) fn answered(
        &self,
        endpoint: &'static str,
        method: &'static str,
        status: u16,
        duration: Duration,
    ) {
        let known = self.answers.load();
        let same = |answers: &&Answers| {
            answers.status == status && answers.method == method && answers.endpoint == endpoint
        };
        if let Some(answers) = known.iter().find(same) {
            return answers.add(duration);
        }
        let text = status.to_string();
        let labels = [endpoint, method, &text];
        let answers = Answers {
            endpoint,
            method,
            status,
            count: self.families.requests.with_label_values(&labels),
            durations: self.families.duration.with_label_values(&labels),
        };
        answers.add(duration);
        self.answers
            .rcu(|known| [&known[..], std::slice::from_ref(&answers)].concat());
    }

    /// The duration histograms so far, each with its route.
    pub fn durations(&self) -> impl Iterator<Item = (&'static str, Histogram)> {
        let answers = self.answers.load_full();
        let each = |answers: &Answers| (answers.endpoint, answers.durations.clone());
        answers.iter().map(each).collect::<Vec<_>>().into_iter()
    }
}

/// Metrics of one combination of route, method and status.
#[derive(Clone)]
struct Answers {
    endpoint: &'static str,
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
pub(super) struct InFlight<'a>(&'a IntGauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}
