//! The life cycle of the service: start, listen and stop cleanly.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use canopy_auth::{Auth, AuthMetrics};
use canopy_resources::Budget;
use canopy_telemetry::{context, log};
use canopy_web::{
    HttpMetrics, Lifecycle, Parts, Permits, Tls, Workers, stop_signals, watch_credentials,
};
use tokio::net::TcpListener;
use tracing::info;

use crate::cli::ServeArguments;
use crate::http::{self, Server};
use crate::retraining::Retrainer;

/// Threads of the async runtime; training is a process of its own.
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
    canopy_cli::warn_of_former_names();
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
    let stop = stop_signals().context("cannot watch for signals")?;
    let address = arguments.listen.address();
    let has_users = arguments.auth.users.is_some();
    arguments.web.check_exposure(address, has_users)?;
    let table = Arc::new(http::table());
    table.check_root_path(&arguments.web.root_path)?;
    let observations = arguments.observations.clone();
    let auth = Auth::open(&arguments.auth).context("cannot set up authentication")?;
    let tls = Tls::open(&arguments.web).context("cannot set up TLS")?;
    let web = arguments.web.clone();
    let retrainer = Arc::new(Retrainer::new(arguments)?);
    let registry = retrainer.registry();
    let auth_metrics = AuthMetrics::new(registry)?;
    auth.iter().for_each(|auth| auth.report_to(&auth_metrics));
    let parts = Parts {
        config: web,
        is_local: address.ip().to_canonical().is_loopback(),
        auth: auth.map(Arc::new),
        tls,
        tracer: None,
        lifecycle: Lifecycle::default(),
        http_metrics: HttpMetrics::new(registry)?,
        auth_metrics,
        memory: Budget::of_system(),
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
    let credentials = context::spawn(watch_credentials(Arc::clone(&server), CREDENTIALS)?);
    canopy_web::serve(server, table, listener, workers, stop).await;
    counting.abort();
    credentials.abort();
    retrainer.stop().await;
    info!("stopped");
    Ok(())
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
