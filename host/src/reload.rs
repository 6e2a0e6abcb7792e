//! Swapping models when their files are replaced.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing::error;

use crate::host::Host;

/// Looks at the model files again and again, and when SIGHUP arrives.
///
/// # Errors
///
/// If the process cannot watch for signals.
pub(crate) fn watch(host: Arc<Host>) -> anyhow::Result<impl Future<Output = ()>> {
    let mut hangup = signal(SignalKind::hangup()).context("cannot watch for SIGHUP")?;
    let mut timer = tokio::time::interval(host.config.models.watch_interval());
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    Ok(async move {
        loop {
            let told = tokio::select! {
                _ = timer.tick() => false,
                received = hangup.recv() => received.is_some(),
            };
            let worker = Arc::clone(&host);
            let looked = host.loader.run_own(move || worker.models.refresh(told));
            if let Err(error) = looked.await {
                error!(%error, "cannot look at the model files");
            }
        }
    })
}
