//! A loaded version of a model with its own state.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arc_swap::ArcSwapOption;
use canopy_drift::DatasetDrift;
use canopy_runtime::Digest;
use prometheus::IntCounter;

use super::admission::CallAdmission;
use crate::loaded_model::LoadedModel;
use crate::metrics::ModelMetrics;
use crate::monitoring::Window;

/// A loaded version of a model.
pub struct Version {
    /// The loaded component.
    pub loaded: Arc<LoadedModel>,
    /// The live window of rows that it predicted.
    pub window: Window,
    /// Total number of rows added to the window when its drift was last computed.
    pub seen: AtomicU64,
    /// Total number of rows added to the window when it was last saved.
    pub saved: AtomicU64,
    /// The drift of the window when it was last computed.
    pub drift: ArcSwapOption<DatasetDrift>,
    /// Admission control for its calls.
    pub admission: CallAdmission,
    /// Counts the prediction requests it answered.
    pub predictions: IntCounter,
    /// The first twelve digits of its digest.
    short_digest: String,
}

impl Version {
    /// Creates a version with a live window of `window` rows.
    #[must_use]
    pub fn new(loaded: Arc<LoadedModel>, window: usize, metrics: &ModelMetrics) -> Self {
        Self {
            window: Window::new(window, loaded.schema().width()),
            seen: AtomicU64::new(0),
            saved: AtomicU64::new(0),
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

    /// The first twelve digits of the digest, as shown in responses.
    #[must_use]
    pub fn short_digest(&self) -> &str {
        &self.short_digest
    }
}
