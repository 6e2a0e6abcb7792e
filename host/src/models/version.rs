//! A loaded component with what belongs to it alone.

use std::sync::atomic::AtomicU64;

use arc_swap::ArcSwapOption;
use canopy_drift::DatasetDrift;
use canopy_runtime::Digest;
use prometheus::IntCounter;

use super::admission::CallAdmission;
use crate::loaded_model::LoadedModel;
use crate::metrics::ModelMetrics;
use crate::monitoring::Window;

/// A version of a model, ready to predict.
pub struct Version {
    /// The model.
    pub loaded: LoadedModel,
    /// The rows it predicted last.
    pub window: Window,
    /// Rows of the window that its last computed drift has seen.
    pub seen: AtomicU64,
    /// The window's drift when it was computed last.
    pub drift: ArcSwapOption<DatasetDrift>,
    /// How fast it answers.
    pub admission: CallAdmission,
    /// Counts the requests it answers.
    pub predictions: IntCounter,
    /// The first digits of its digest.
    short_digest: String,
}

impl Version {
    /// A version whose window has room for `window` rows.
    #[must_use]
    pub fn new(loaded: LoadedModel, window: usize, metrics: &ModelMetrics) -> Self {
        Self {
            window: Window::new(window, loaded.schema().width()),
            seen: AtomicU64::new(0),
            drift: ArcSwapOption::empty(),
            admission: CallAdmission::new(loaded.model().needs_blocking_thread()),
            predictions: metrics.predictions(&loaded.model().info().version),
            short_digest: format!("{:.12}", loaded.model().digest()),
            loaded,
        }
    }

    /// SHA-256 digest of the component.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.loaded.model().digest()
    }

    /// The first twelve digits of the digest, as answers show it.
    #[must_use]
    pub fn short_digest(&self) -> &str {
        &self.short_digest
    }
}
