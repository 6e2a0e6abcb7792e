//! Periodic tasks: checking model files for changes, and computing the drift of live traffic and
//! saving it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use canopy_pool::Owner;
use canopy_telemetry::context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};
use tracing::error;

use super::App;
use crate::monitoring::window_drift;

/// Checks the model files for changes every `period` and on SIGHUP.
///
/// # Errors
///
/// If the signal handler cannot be installed.
pub(crate) fn model_files(
    app: Arc<App>,
    period: Duration,
) -> anyhow::Result<impl Future<Output = ()>> {
    let mut hangup =
        signal(SignalKind::hangup()).context("cannot install the handler for SIGHUP")?;
    let mut timer = interval(period);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Ok(async move {
        loop {
            let force = tokio::select! {
                _ = timer.tick() => false,
                received = hangup.recv() => received.is_some(),
            };
            let worker = Arc::clone(&app);
            // On a thread of its own: uploads in progress do not delay it.
            let checked = context::spawn_blocking(move || worker.models.refresh(force));
            if let Err(error) = checked.await {
                error!(%error, "cannot check the model files");
            }
        }
    })
}

/// Saves the live windows that have changed every `period`.
pub(crate) async fn windows(app: Arc<App>, period: Duration) {
    let mut timer = interval(period);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        save_windows(&app).await;
    }
}

/// Saves the live windows that have changed.
pub(crate) async fn save_windows(app: &Arc<App>) {
    let worker = Arc::clone(app);
    let saved = context::spawn_blocking(move || worker.models.save_windows());
    if let Err(error) = saved.await {
        error!(%error, "cannot save the live windows");
    }
}

/// Computes the drift of every model's live window every `period`, in the background. Skips
/// models without new predictions.
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
            if let Err(error) = app
                .pools
                .evaluations
                .run_unbounded(Owner::SYSTEM, work)
                .await
            {
                error!(%error, "cannot compute the drift of live traffic");
            }
        }
    }
}
