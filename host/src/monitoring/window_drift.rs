//! Drift without labels: a sliding window of predicted rows against the reference sample.

use canopy_drift::{DEFAULT_SHARE_THRESHOLD, DatasetDrift};

use super::window::Snapshot;
use crate::loaded_model::LoadedModel;

/// Rows in the window below which it says nothing about drift.
const FEWEST_ROWS: u64 = 30;

/// The drift of every feature and of the prediction, if there are rows enough.
#[must_use]
pub fn window_drift(loaded: &LoadedModel, window: &Snapshot) -> Option<DatasetDrift> {
    if window.added < FEWEST_ROWS {
        return None;
    }
    let (features, outcomes) = loaded.references().split_at(loaded.schema().width());
    let columns = features
        .iter()
        .chain(outcomes.last())
        .zip(&window.columns)
        .map(|(reference, values)| reference.compare(values))
        .collect();
    Some(DatasetDrift::new(columns, DEFAULT_SHARE_THRESHOLD))
}
