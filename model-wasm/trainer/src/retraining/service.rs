//! The life of the service: check, listen, and stop without leaving half a file.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use super::retrainer::Retrainer;
use crate::cli::ServeArguments;
use crate::http;

/// Threads that answer requests; training has its own.
const THREADS: usize = 2;
/// Time between two looks for new observed rows.
const LOOK: Duration = Duration::from_secs(15);

/// Serves until SIGTERM or SIGINT. A run that is publishing then is finished, any other is
/// abandoned.
///
/// # Errors
///
/// If a setting is wrong or the address is taken; both are found before a client can connect.
pub fn serve(arguments: ServeArguments) -> Result<()> {
    canopy::log::start(&arguments.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .context("cannot start the worker threads")?;
    let outcome = runtime.block_on(listen(arguments));
    // Whatever reads observed rows may go on reading; nobody waits for it.
    runtime.shutdown_background();
    outcome
}

async fn listen(arguments: ServeArguments) -> Result<()> {
    let address = arguments.listen;
    let observations = arguments.observations.clone();
    let retrainer = Arc::new(Retrainer::new(arguments)?);
    let stop = stop_signal()?;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    info!(address = %listener.local_addr()?, "ready");
    let counting = tokio::spawn({
        let retrainer = Arc::clone(&retrainer);
        async move { count_observed(&retrainer, &observations).await }
    });
    let served = http::serve(listener, Arc::clone(&retrainer), stop).await;
    counting.abort();
    retrainer.stop();
    info!("stopped");
    served.context("cannot go on listening")
}

/// Counts the observed rows now and whenever a batch was added or removed.
async fn count_observed(retrainer: &Arc<Retrainer>, folder: &Path) {
    let changed = || {
        fs::metadata(folder)
            .and_then(|folder| folder.modified())
            .ok()
    };
    let mut counted: Option<Option<SystemTime>> = None;
    loop {
        let now = changed();
        if counted != Some(now) {
            let retrainer = Arc::clone(retrainer);
            let _ = tokio::task::spawn_blocking(move || retrainer.count_observed()).await;
            counted = Some(now);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Resolves when the process is told to stop.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot watch for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot watch for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
