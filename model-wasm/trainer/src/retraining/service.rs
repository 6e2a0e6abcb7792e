//! The life cycle of the service: start, listen and stop cleanly.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};
use canopy_auth::{Auth, AuthMetrics};
use canopy_telemetry::{context, log};
use canopy_web::{HttpMetrics, Lifecycle, Parts, Permits, Service as _, Tls, Workers};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing::info;

use super::retrainer::Retrainer;
use crate::cli::ServeArguments;
use crate::http::{self, Server};

/// Threads of the async runtime; training has its own.
const THREADS: usize = 2;
/// Maximum number of concurrent requests.
const IN_FLIGHT: usize = 64;
/// Interval at which the files of users and certificate are checked for changes.
const CREDENTIALS: Duration = Duration::from_secs(1);
/// Interval at which the folder of observed rows is checked for changes.
const OBSERVATIONS: Duration = Duration::from_secs(15);

/// Runs the service until SIGTERM or SIGINT. A run that is publishing at that moment is finished,
/// any other run is abandoned.
///
/// # Errors
///
/// If the configuration is not valid or the address is in use. Both are detected before a client
/// can connect.
pub fn serve(arguments: ServeArguments) -> Result<()> {
    log::start(&arguments.log)?;
    canopy_cli::warn_of_renamed_variables();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .context("cannot start the worker threads")?;
    let outcome = runtime.block_on(listen(arguments));
    // Does not wait for a task that may still be reading observed rows.
    runtime.shutdown_background();
    outcome
}

async fn listen(arguments: ServeArguments) -> Result<()> {
    let stop = stop_signals()?;
    let address = arguments.listen.address();
    ensure!(
        !arguments
            .web
            .is_open_at(address, arguments.auth.users.is_some()),
        "{address} can be reached from other machines: enable authentication with --users FILE, or \
                 pass --insecure if something else authenticates clients"
    );
    let observations = arguments.observations.clone();
    let auth = Auth::open(&arguments.auth).context("cannot set up authentication")?;
    let tls = Tls::open(&arguments.web).context("cannot set up TLS")?;
    let web = arguments.web.clone();
    let retrainer = Arc::new(Retrainer::new(arguments)?);
    let registry = retrainer.registry();
    let parts = Parts {
        config: web,
        is_local: address.ip().to_canonical().is_loopback(),
        auth: auth.map(Arc::new),
        tls,
        tracer: None,
        lifecycle: Lifecycle::default(),
        http_metrics: HttpMetrics::new(registry)?,
        auth_metrics: AuthMetrics::new(registry)?,
        permits: Permits::new(IN_FLIGHT, 1)?,
    };
    let workers = Workers::start().context("cannot start the threads that handle connections")?;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    info!(address = %listener.local_addr()?, "ready");
    let counting = context::spawn({
        let retrainer = Arc::clone(&retrainer);
        async move { count_observed(&retrainer, &observations).await }
    });
    let server = Arc::new(Server::new(Arc::clone(&retrainer), parts));
    let credentials = context::spawn(watch_credentials(Arc::clone(&server)));
    canopy_web::serve(server, http::table(), listener, workers, stop).await;
    counting.abort();
    credentials.abort();
    retrainer.stop();
    info!("stopped");
    Ok(())
}

/// Reloads users and certificate when their files change.
async fn watch_credentials(server: Arc<Server>) {
    while server.parts().has_credentials() {
        tokio::time::sleep(CREDENTIALS).await;
        let worker = Arc::clone(&server);
        let _ = context::spawn_blocking(move || worker.parts().refresh_credentials()).await;
    }
}

/// Counts the observed rows at the start and whenever a batch is added or removed.
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
            let _ = context::spawn_blocking(move || retrainer.count_observed()).await;
            counted = Some(now);
        }
        tokio::time::sleep(OBSERVATIONS).await;
    }
}

/// A channel that receives a message for every SIGTERM or SIGINT.
fn stop_signals() -> Result<mpsc::UnboundedReceiver<()>> {
    let mut terminate =
        signal(SignalKind::terminate()).context("cannot install the handler for SIGTERM")?;
    let mut interrupt =
        signal(SignalKind::interrupt()).context("cannot install the handler for SIGINT")?;
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
