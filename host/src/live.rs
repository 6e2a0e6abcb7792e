//! Drift without labels: the sliding window against the reference sample, again and again.

use std::sync::Arc;
use std::time::Duration;

use canopy_drift::{DEFAULT_SHARE_THRESHOLD, DatasetDrift};

use crate::host::{Current, Host};

/// Fewest rows in the window that say anything about drift.
const FEWEST_ROWS: u64 = 30;

/// Computes the drift of the window every `interval`, in the slow lane, until it is dropped.
/// Where nothing was predicted since the last time, nothing is computed.
pub(crate) async fn watch(host: Arc<Host>, interval: Duration) {
    let mut timer = tokio::time::interval(interval);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seen = 0;
    loop {
        timer.tick().await;
        let current = host.current_owned();
        let window = Arc::clone(&current);
        let drift = host.lane.run_own(move || drift(&window, seen)).await;
        if let Ok(Some((drift, added))) = drift {
            let is_current = || Arc::ptr_eq(&current, &host.current_owned());
            host.metrics.live_drift(&drift, is_current);
            seen = added;
        }
    }
}

/// The drift of every feature and of the prediction, if there are new rows and enough of them.
fn drift(current: &Current, seen: u64) -> Option<(DatasetDrift, u64)> {
    let snapshot = current.window.snapshot();
    if snapshot.added == seen || snapshot.added < FEWEST_ROWS {
        return None;
    }
    let references = current.served.references();
    let (features, outcomes) = references.split_at(current.served.schema().width());
    let columns = features
        .iter()
        .chain(outcomes.last())
        .zip(&snapshot.columns)
        .map(|(reference, values)| reference.compare(values))
        .collect();
    let drift = DatasetDrift::new(columns, DEFAULT_SHARE_THRESHOLD);
    Some((drift, snapshot.added))
}
