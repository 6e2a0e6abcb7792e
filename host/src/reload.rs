//! Looking at files that may be replaced: models, users, certificates.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing::error;

use crate::host::Host;
use crate::tls::Tls;

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

/// Looks at the files of users and certificate again and again, and when SIGHUP arrives; apart
/// from the models, for a model may take long and a removed user should not.
///
/// # Errors
///
/// If the process cannot watch for signals.
pub(crate) fn watch_credentials(host: Arc<Host>) -> anyhow::Result<impl Future<Output = ()>> {
    let mut hangup = signal(SignalKind::hangup()).context("cannot watch for SIGHUP")?;
    let mut timer = tokio::time::interval(host.config.models.watch_interval());
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    Ok(async move {
        if host.door.is_none() && host.tls.is_none() {
            return;
        }
        loop {
            tokio::select! {
                _ = timer.tick() => {}
                _ = hangup.recv() => {}
            }
            let worker = Arc::clone(&host);
            let looked = tokio::task::spawn_blocking(move || {
                worker.door.iter().for_each(|door| door.refresh());
                worker.tls.iter().for_each(Tls::refresh);
            });
            if let Err(error) = looked.await {
                error!(%error, "cannot look at users and certificate");
            }
        }
    })
}
