//! Signals that tell a server to stop or to reload its credentials.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use canopy_telemetry::context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::{MissedTickBehavior, interval};
use tracing::error;

use super::service::Service;

/// A channel that receives a message for every SIGTERM or SIGINT, as [`serve`](crate::serve)
/// expects it.
///
/// # Errors
///
/// If the process cannot install a signal handler.
pub fn stop_signals() -> io::Result<UnboundedReceiver<()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (sender, receiver) = mpsc::unbounded_channel();
    context::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if sender.send(()).is_err() {
                break;
            }
        }
    });
    Ok(receiver)
}

/// Reloads users and certificate when their files change, which is checked every `period` and on
/// SIGHUP. It ends at once where the service has neither.
///
/// # Errors
///
/// If the process cannot install a signal handler.
pub fn watch_credentials<S: Service>(
    service: Arc<S>,
    period: Duration,
) -> io::Result<impl Future<Output = ()>> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut timer = interval(period);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Ok(async move {
        while service.parts().has_credentials() {
            tokio::select! {
                _ = timer.tick() => {}
                _ = hangup.recv() => {}
            }
            let service = Arc::clone(&service);
            let refresh = context::spawn_blocking(move || service.parts().refresh_credentials());
            if let Err(error) = refresh.await {
                error!(%error, "cannot reload users and certificate");
            }
        }
    })
}
