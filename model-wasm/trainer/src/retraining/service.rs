//! The life of the service: check, listen, and stop without leaving half a file.

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

/// Threads that answer requests; training has its own.
const THREADS: usize = 2;
/// Requests that may be answered at the same time.
const IN_FLIGHT: usize = 64;
/// Time between two looks at the files of users and certificate.
const CREDENTIALS: Duration = Duration::from_secs(1);
/// Time between two looks for new observed rows.
const LOOK: Duration = Duration::from_secs(15);

/// Serves until SIGTERM or SIGINT. A run that is publishing then is finished, any other is
/// abandoned.
///
/// # Errors
///
/// If a setting is wrong or the address is taken; both are found before a client can connect.
pub fn serve(arguments: ServeArguments) -> Result<()> {
    log::start(&arguments.log)?;
    canopy_cli::warn_of_renamed_variables();
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
    let stop = stop_signals()?;
    let address = arguments.listen.address();
    ensure!(
        !arguments
            .web
            .is_open_at(address, arguments.auth.users.is_some()),
        "{address} can be reached from other machines: name the users with --users FILE, or say \
         --insecure if something else authenticates clients"
    );
    let observations = arguments.observations.clone();
    let auth = Auth::open(&arguments.auth).context("cannot set up authentication")?;
    let tls = Tls::open(&arguments.web).context("cannot encrypt connections")?;
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
    let workers = Workers::start().context("cannot start the threads that answer")?;
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

/// Reads users and certificate again when their files change.
async fn watch_credentials(server: Arc<Server>) {
    while server.parts().has_credentials() {
        tokio::time::sleep(CREDENTIALS).await;
        let worker = Arc::clone(&server);
        let _ = context::spawn_blocking(move || worker.parts().refresh_credentials()).await;
    }
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
            let _ = context::spawn_blocking(move || retrainer.count_observed()).await;
            counted = Some(now);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A message each time the process is told to stop.
fn stop_signals() -> Result<mpsc::UnboundedReceiver<()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot watch for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot watch for SIGINT")?;
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
