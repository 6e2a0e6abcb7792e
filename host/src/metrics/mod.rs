//! Every metric of the host, declared once. The help text says what it is.
//!
//! - [`Metrics`]: those of the host itself, with those of its parts
//! - [`ModelMetrics`]: those of one model, all with the label `model`

mod latency;
mod model;

use std::collections::BTreeMap;

use canopy_auth::AuthMetrics;
use canopy_runtime::LoadError;
use canopy_telemetry::families;
use canopy_telemetry::metrics::Declaration;
use canopy_telemetry::otlp::SpanMetrics;
use canopy_web::HttpMetrics;
use prometheus::core::Metric as _;
use prometheus::proto::MetricFamily;
use prometheus::{Encoder as _, IntCounterVec, Registry, TextEncoder};

pub use latency::Latencies;
pub use model::{CandidateCall, ModelMetrics};

families! {
    struct Families {
        /// Components that were not fit to serve, by reason.
        rejected_components: IntCounterVec = "model_loads_rejected_total" ["reason"],
    }
}

/// The host's metrics.
pub struct Metrics {
    registry: Registry,
    families: Families,
}

impl Metrics {
    /// All metrics, at zero.
    ///
    /// # Errors
    ///
    /// If two metrics have the same name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        #[cfg(target_os = "linux")]
        {
            use prometheus::process_collector::ProcessCollector;
            registry.register(Box::new(ProcessCollector::for_self()))?;
        }
        let families = Families::register(&registry)?;
        for reason in LoadError::REASONS {
            families.rejected_components.with_label_values(&[reason]);
        }
        Ok(Self { registry, families })
    }

    /// Where the parts of the host register theirs.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A component was not fit to serve.
    pub fn load_rejected(&self, error: &LoadError) {
        let reason = [error.reason()];
        self.families
            .rejected_components
            .with_label_values(&reason)
            .inc();
    }

    /// The host's metrics and those of its models in the text format of Prometheus.
    ///
    /// # Errors
    ///
    /// If a metric cannot be encoded.
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

/// How long answers to single predictions took, for all models together.
#[must_use]
pub fn prediction_latencies(http: &HttpMetrics) -> Latencies {
    let mut latencies = Latencies::new(HttpMetrics::BUCKETS);
    for (endpoint, durations) in http.durations() {
        if endpoint.ends_with("/predict") {
            latencies.add(durations.metric().get_histogram());
        }
    }
    latencies
}

/// Every family that the host declares, by the part that declares it.
pub const DECLARATIONS: [(&str, &[Declaration]); 5] = [
    ("Requests", HttpMetrics::DECLARATIONS),
    ("Authentication", AuthMetrics::DECLARATIONS),
    ("Models", ModelMetrics::DECLARATIONS),
    ("Components", Families::DECLARATIONS),
    ("Spans", SpanMetrics::DECLARATIONS),
];
