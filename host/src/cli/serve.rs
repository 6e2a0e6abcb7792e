//! `canopy serve`: load, check, listen, and stop without losing a request.

use std::sync::Arc;

use anyhow::Context as _;
use canopy_auth::{Auth, AuthMetrics};
use canopy_telemetry::context;
use canopy_telemetry::log;
use canopy_telemetry::otlp::{SpanMetrics, Tracer};
use canopy_web::{
    HttpMetrics, Lifecycle, Parts, Permits, Service as _, Table, Tls, Workers, stop_signals,
    watch_credentials,
};
use tokio::net::TcpListener;
use tracing::{info, warn};

use crate::app::{App, Pools, watch};
use crate::config::ServeConfig;
use crate::http::{self, Server};
use crate::metrics::Metrics;

/// Serves until SIGTERM or SIGINT; a second one does not wait for requests in flight.
///
/// # Errors
///
/// If the configuration is wrong, a model cannot be loaded or the address is taken. All of
/// this is found before a client can connect.
pub fn run(config: ServeConfig) -> anyhow::Result<()> {
    log::start(&config.log)?;
    canopy_cli::warn_of_former_names();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the worker threads")?
        .block_on(serve(config))
}

async fn serve(config: ServeConfig) -> anyhow::Result<()> {
    // First, so that a signal that follows readiness is never missed.
    let stop = stop_signals().context("cannot watch for signals")?;
    let address = config.listen.address();
    let has_users = config.auth.users.is_some();
    config.web.check_exposure(address, has_users)?;
    let table = Arc::new(http::table(has_users));
    table.check_root_path(&config.web.root_path)?;
    let server = Arc::new(set_up(&config, Arc::clone(&table))?);
    let (app, parts) = (&server.app, server.parts());
    let workers = Workers::start().context("cannot start the threads that answer")?;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    let period = config.app.models.watch_interval();
    let tasks = [
        context::spawn(watch::live_drift(
            Arc::clone(app),
            config.app.live.interval(),
        )),
        context::spawn(watch::windows(Arc::clone(app), config.app.state.interval())),
        context::spawn(watch::model_files(Arc::clone(app), period)?),
        context::spawn(watch_credentials(Arc::clone(&server), period)?),
        context::spawn(stop_compiling(Arc::clone(&server))),
    ];
    if parts.auth.is_some() && parts.tls.is_none() && !address.ip().is_loopback() {
        warn!("passwords and keys travel unencrypted; --tls-certificate changes that");
    }
    for model in app.models.all() {
        let serving = model.serving();
        let version = &serving.loaded.model().info().version;
        info!(model = %model.name, version, digest = %serving.digest(), "serving");
    }
    let default = app.models.default_owned();
    let model = default.map(|model| model.name.to_string());
    info!(%address, model, "ready");

    canopy_web::serve(Arc::clone(&server), table, listener, workers, stop).await;
    if let Some(tracer) = &parts.tracer {
        tracer.stop().await;
    }
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    watch::save_windows(app).await;
    info!("stopped");
    Ok(())
}

/// Loads models, users and certificate; nothing listens yet.
fn set_up(config: &ServeConfig, table: Arc<Table<Server>>) -> anyhow::Result<Server> {
    let auth = Auth::open(&config.auth).context("cannot set up authentication")?;
    let tls = Tls::open(&config.web).context("cannot encrypt connections")?;
    let metrics = Arc::new(Metrics::new()?);
    let registry = metrics.registry();
    let limits = &config.app.limits;
    let permits = Permits::new(limits.max_in_flight, limits.background_permits)?;
    let memory = limits.memory();
    let tracer = Tracer::start(&config.traces, SpanMetrics::register(registry)?)
        .context("cannot export spans")?;
    let auth_metrics = AuthMetrics::new(registry)?;
    auth.iter().for_each(|auth| auth.report_to(&auth_metrics));
    let parts = Parts {
        config: config.web.clone(),
        is_local: config.listen.address().ip().to_canonical().is_loopback(),
        auth: auth.map(Arc::new),
        tls,
        tracer,
        lifecycle: Lifecycle::default(),
        http_metrics: HttpMetrics::new(registry)?,
        auth_metrics,
        memory,
        permits,
    };
    let pools = Pools {
        background: Arc::clone(&parts.permits.background),
        evaluations: Arc::clone(&parts.permits.evaluations),
        uploads: Arc::clone(&parts.permits.uploads),
    };
    let app = App::new(&config.app, metrics, pools, parts.memory.clone())?;
    Ok(Server::new(Arc::new(app), table, parts))
}

/// Ends compilations when the host is told to stop: whoever uploads a component is told so at once,
/// and the host does not wait for it.
async fn stop_compiling(server: Arc<Server>) {
    server.parts().lifecycle.stopping().await;
    server.app.models.stop_compiling();
}
