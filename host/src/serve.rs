//! `canopy serve`: load, check, listen, and stop without losing a request.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::config::ServeConfig;
use crate::host::Host;
use crate::{descriptor, http, live, log, reload};

/// Serves until SIGTERM or SIGINT; a second one does not wait for requests in flight.
///
/// # Errors
///
/// If the configuration is wrong, the model is not fit to serve or the address is taken. All of
/// this is found before a client can connect.
pub fn run(config: ServeConfig) -> anyhow::Result<()> {
    log::start(&config.log)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the worker threads")?
        .block_on(serve(config))
}

async fn serve(mut config: ServeConfig) -> anyhow::Result<()> {
    // Before anyone is told that the host is ready, and may tell it to stop.
    let stop = stop_signals()?;
    let address = config.network.listen;
    ensure!(
        !config.door.is_open_at(address),
        "{address} can be reached by others: name the users with --users FILE, or say --insecure \
         if something else keeps the door"
    );
    let network = &mut config.network;
    network.max_connections = descriptor::connections(network.max_connections);
    let host = Arc::new(Host::new(config)?);
    let workers = http::Workers::start().context("cannot start the threads that answer")?;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    let drift = tokio::spawn(live::watch(Arc::clone(&host), host.config.live.interval()));
    let credentials = tokio::spawn(reload::watch_credentials(Arc::clone(&host))?);
    let reloads = tokio::spawn(reload::watch(Arc::clone(&host))?);
    if host.door.is_some() && host.tls.is_none() && !address.ip().is_loopback() {
        warn!("passwords and keys travel unencrypted; --tls-certificate changes that");
    }
    for slot in host.models.all() {
        let serving = slot.serving();
        let version = &serving.served.model().info().version;
        info!(model = %slot.name, version, digest = %serving.digest(), "serving");
    }
    let model = host
        .models
        .default_owned()
        .map(|slot| slot.name.to_string());
    info!(%address, model, "ready");

    http::serve(Arc::clone(&host), listener, workers, stop).await;
    if let Some(tracer) = &host.tracer {
        tracer.stop().await;
    }
    drift.abort();
    reloads.abort();
    credentials.abort();
    info!("stopped");
    Ok(())
}

/// A message each time the process is told to stop: the first asks, the second insists.
fn stop_signals() -> anyhow::Result<mpsc::UnboundedReceiver<()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot watch for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot watch for SIGINT")?;
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
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
