//! Drift of live traffic: compares the live window with the reference sample.

use canopy_drift::{DEFAULT_SHARE_THRESHOLD, DatasetDrift};

use super::window::Snapshot;
use crate::loaded_model::LoadedModel;

/// Minimum number of rows for a meaningful comparison.
const MIN_ROWS: u64 = 30;

/// The drift of every feature and of the prediction; `None` if there are too few rows.
#[must_use]
pub fn window_drift(loaded: &LoadedModel, window: &Snapshot) -> Option<DatasetDrift> {
    if window.added < MIN_ROWS {
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
