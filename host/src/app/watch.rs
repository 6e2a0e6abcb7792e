//! What the host looks at again and again: model files, and the drift of live traffic.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};
use tracing::error;

use super::App;
use crate::monitoring::window_drift;

/// Looks at the model files every `period`, and when SIGHUP arrives.
///
/// # Errors
///
/// If the process cannot watch for signals.
pub(crate) fn model_files(
    app: Arc<App>,
    period: Duration,
) -> anyhow::Result<impl Future<Output = ()>> {
    let mut hangup = signal(SignalKind::hangup()).context("cannot watch for SIGHUP")?;
    let mut timer = interval(period);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Ok(async move {
        loop {
            let told = tokio::select! {
                _ = timer.tick() => false,
                received = hangup.recv() => received.is_some(),
            };
            let worker = Arc::clone(&app);
            let looked = app
                .uploads
                .run_unbounded(move || worker.models.refresh(told));
            if let Err(error) = looked.await {
                error!(%error, "cannot look at the model files");
            }
        }
    })
}

/// Computes the drift of every model's sliding window every `period`, in the background. Where
/// nothing was predicted since the last time, nothing is computed.
pub(crate) async fn live_drift(app: Arc<App>, period: Duration) {
    let mut timer = interval(period);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        for model in app.models.all() {
            let work = move || {
                let version = model.serving();
                let window = version.window.snapshot();
                let seen = version.seen.swap(window.added, Ordering::Relaxed);
                if window.added == seen {
                    return;
                }
                if let Some(drift) = window_drift(&version.loaded, &window) {
                    let is_current = || Arc::ptr_eq(&version, &model.serving());
                    model.metrics.live_drift(&drift, is_current);
                    version.drift.store(Some(Arc::new(drift)));
                }
            };
            if let Err(error) = app.background.run_unbounded(work).await {
                error!(%error, "the drift of live traffic cannot be computed");
            }
        }
    }
}
