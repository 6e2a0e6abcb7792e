//! Drift without labels: the sliding windows of predicted rows against the reference samples.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use canopy_drift::{DEFAULT_SHARE_THRESHOLD, DatasetDrift};
use tracing::error;

use crate::host::Host;
use crate::models::Version;

/// Fewest rows in the window that say anything about drift.
const FEWEST_ROWS: u64 = 30;

/// Computes the drift of every model's window every `interval`, in the slow lane, until it is
/// dropped. Where nothing was predicted since the last time, nothing is computed.
pub(crate) async fn watch(host: Arc<Host>, interval: Duration) {
    let mut timer = tokio::time::interval(interval);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        for slot in host.models.all() {
            let work = move || {
                let version = slot.serving();
                if let Some(drift) = drift(&version) {
                    let is_current = || Arc::ptr_eq(&version, &slot.serving());
                    slot.metrics.live_drift(&drift, is_current);
                    version.drift.store(Some(Arc::new(drift)));
                }
            };
            if let Err(error) = host.lane.run_own(work).await {
                error!(%error, "the drift of live traffic cannot be computed");
            }
        }
    }
}

/// The drift of every feature and of the prediction, if there are new rows and enough of them.
fn drift(version: &Version) -> Option<DatasetDrift> {
    let snapshot = version.window.snapshot();
    let seen = version.watched.swap(snapshot.added, Ordering::Relaxed);
    if snapshot.added == seen || snapshot.added < FEWEST_ROWS {
        return None;
    }
    let references = version.served.references();
    let (features, outcomes) = references.split_at(version.served.schema().width());
    let columns = features
        .iter()
        .chain(outcomes.last())
        .zip(&snapshot.columns)
        .map(|(reference, values)| reference.compare(values))
        .collect();
    Some(DatasetDrift::new(columns, DEFAULT_SHARE_THRESHOLD))
}
