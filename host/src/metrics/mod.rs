//! The host's metrics. Doc comments of families are their help texts.
//!
//! - [`Metrics`]: the metrics of the host and the registry for its parts
//! - [`ModelMetrics`]: the metrics of one model, all with the label `model`

mod latency;
mod model;

use std::collections::BTreeMap;

use canopy_resources::Budget;
use canopy_runtime::LoadError;
use canopy_telemetry::families;
use canopy_telemetry::metrics::Declaration;
use prometheus::proto::MetricFamily;
use prometheus::{Encoder as _, IntCounterVec, IntGauge, Registry, TextEncoder};

pub use latency::Latencies;
pub use model::{CandidateCall, ModelMetrics};

families! {
    struct Families {
        /// Components rejected when loading them, by reason.
        rejected_components: IntCounterVec = "model_loads_rejected_total" ["reason"],
        /// Memory that requests, responses, models and compilers may take together.
        memory_budget: IntGauge = "memory_budget_bytes",
        /// Memory that is reserved for them.
        memory_reserved: IntGauge = "memory_reserved_bytes",
        /// Models in the folder of models that are not served although they were not unloaded.
        unserved: IntGauge = "models_unserved",
    }
}

/// The host's metrics.
pub struct Metrics {
    registry: Registry,
    families: Families,
}

impl Metrics {
    /// The families of [`Metrics`].
    pub const DECLARATIONS: &'static [Declaration] = Families::DECLARATIONS;

    /// Registers all metrics, at zero.
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

    /// The registry, where the parts of the host register their own metrics.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts a component that was rejected.
    pub fn load_rejected(&self, error: &LoadError) {
        let reason = [error.reason()];
        self.families
            .rejected_components
            .with_label_values(&reason)
            .inc();
    }

    /// Shows how much of the memory budget is reserved.
    pub fn memory(&self, budget: &Budget) {
        let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.families.memory_budget.set(bytes(budget.limit()));
        self.families.memory_reserved.set(bytes(budget.used()));
    }

    /// Sets the number of models that are not served.
    pub fn unserved(&self, models: usize) {
        self.families.unserved.set(models as i64);
    }

    /// Encodes the metrics of the host and its models in the Prometheus text format.
    ///
    /// # Errors
    ///
    /// If a metric cannot be encoded.
    pub fn text(
        &self,
        models: impl Iterator<Item = Vec<MetricFamily>>,
    ) -> Result<String, prometheus::Error> {
        // Merges the families of different models that have the same name.
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
