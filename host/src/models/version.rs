//! A loaded component with what belongs to it alone.

use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use arc_swap::ArcSwapOption;
use canopy_drift::DatasetDrift;
use prometheus::IntCounter;

use super::pace::Pace;
use crate::metrics::ModelMetrics;
use crate::served::Served;
use crate::window::Window;

/// A version of a model, ready to predict.
pub struct Version {
    /// The model.
    pub served: Served,
    /// The rows it predicted last.
    pub window: Window,
    /// Rows of the window that its last computed drift has seen.
    pub watched: AtomicU64,
    /// The window's drift when it was computed last.
    pub drift: ArcSwapOption<DatasetDrift>,
    /// How fast it answers.
    pub pace: Pace,
    /// When it was loaded.
    pub loaded: SystemTime,
    /// Counts the requests it answers.
    pub predictions: IntCounter,
}

impl Version {
    /// A version whose window has room for `window` rows.
    #[must_use]
    pub fn new(served: Served, window: usize, metrics: &ModelMetrics) -> Self {
        Self {
            window: Window::new(window, served.schema().width()),
            watched: AtomicU64::new(0),
            drift: ArcSwapOption::empty(),
            pace: Pace::new(served.model().needs_blocking_thread()),
            loaded: SystemTime::now(),
            predictions: metrics.predictions(&served.model().info().version),
            served,
        }
    }

    /// SHA-256 of the component in lower-case hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.served.model().digest()
    }
}
