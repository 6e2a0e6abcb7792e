//! `canopy serve`: load, check, listen, and stop without losing a request.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info};
use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat, ServeConfig};
use crate::host::Host;
use crate::{http, live};

/// Serves until SIGTERM or SIGINT; SIGHUP swaps the model.
///
/// # Errors
///
/// If the configuration is wrong, the model is not fit to serve or the address is taken. All of
/// this is found before a client can connect.
pub fn run(config: ServeConfig) -> anyhow::Result<()> {
    start_log(&config.log)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the worker threads")?
        .block_on(serve(config))
}

async fn serve(config: ServeConfig) -> anyhow::Result<()> {
    let address = config.network.listen;
    let host = Arc::new(Host::new(config)?);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    let current = host.current_owned();
    let model = current.served.model();
    info!(
        %address,
        model = %model.info().name,
        version = %model.info().version,
        digest = %model.digest(),
        "ready"
    );
    drop(current);

    let drift = tokio::spawn(live::watch(Arc::clone(&host), host.config.live.interval()));
    let reloads = tokio::spawn(reload_on_hangup(Arc::clone(&host))?);
    http::serve(Arc::clone(&host), listener, stop_signal()?).await;
    drift.abort();
    reloads.abort();
    info!("stopped");
    Ok(())
}

/// Resolves when the process is told to stop.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot watch for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot watch for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Swaps the model whenever SIGHUP arrives.
fn reload_on_hangup(host: Arc<Host>) -> anyhow::Result<impl Future<Output = ()>> {
    let mut hangup = signal(SignalKind::hangup()).context("cannot watch for SIGHUP")?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            let worker = Arc::clone(&host);
            match host.lane.run(move || worker.reload()).await {
                Ok(Ok(())) => {
                    let current = host.current_owned();
                    let model = current.served.model();
                    info!(version = %model.info().version, digest = %model.digest(), "model swapped");
                }
                Ok(Err(error)) => error!(%error, "model not swapped, the old one goes on serving"),
                Err(error) => error!(%error, "model not swapped, the old one goes on serving"),
            }
        }
    })
}

fn start_log(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter)
        .with_context(|| format!("{:?} is no log filter; try `info`", config.filter))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match config.format {
        LogFormat::Json => log.json().flatten_event(true).init(),
        LogFormat::Text => log.init(),
    }
    Ok(())
}
