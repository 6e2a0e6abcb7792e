//! Serving and graceful shutdown.

use std::sync::Arc;
use std::time::Duration;

use canopy_resources::Budget;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::connection::{HEAD_LIMIT, Shutdown, accept};
use super::fd_limit;
use super::pipeline::Pipeline;
use super::service::Service;
use super::table::Table;
use super::turn_away::turn_away;
use super::workers::Workers;

/// Time for late arrivals during shutdown: first for handshakes in progress, then for the first
/// requests of the last connections.
const LAST_ARRIVALS: Duration = Duration::from_millis(100);

const AGAIN: &str = "told to stop again: requests in flight are dropped";

/// Serves connections until the first message of `stop`, then finishes the requests in flight;
/// a second message drops them.
///
/// During the shutdown grace it still accepts and answers, with `connection: close` in every
/// response so that clients move away. Then it stops accepting, answers the clients that have
/// connected, and closes idle connections.
pub async fn serve<S: Service>(
    service: Arc<S>,
    table: Arc<Table<S>>,
    listener: TcpListener,
    mut workers: Workers,
    mut stop: UnboundedReceiver<()>,
) {
    let parts = service.parts();
    let config = &parts.config;
    let max_connections = connections(config.max_connections, &parts.memory);
    let shutdown = Shutdown::default();
    {
        let pipeline = Arc::new(Pipeline::new(Arc::clone(&service), table));
        let accepting = accept(
            pipeline,
            &listener,
            max_connections,
            &mut workers,
            &shutdown,
        );
        let mut accepting = std::pin::pin!(accepting);
        tokio::select! {
            never = &mut accepting => match never {},
            _ = stop.recv() => {}
        }
        parts.lifecycle.stop();
        let grace = Duration::from(config.shutdown_grace);
        info!(?grace, "stopping");
        tokio::select! {
            never = accepting => match never {},
            () = last_call(&listener, grace) => {}
            _ = stop.recv() => return warn!("{AGAIN}"),
        }
    }
    drop(listener);
    info!(
        connections = shutdown.open(),
        "accepting no more connections"
    );
    let patience = Duration::from(config.shutdown_timeout);
    let finish = async {
        sleep(LAST_ARRIVALS).await;
        timeout(patience, shutdown.close()).await
    };
    tokio::select! {
        finished = finish => if finished.is_err() {
            warn!(?patience, "some requests took too long to finish");
        },
        _ = stop.recv() => warn!("{AGAIN}"),
    }
}

/// The number of connections that file descriptors and memory allow, at most `wanted`: the heads that
/// all of them may send take a quarter of the memory budget, beside what is reserved in it.
fn connections(wanted: usize, memory: &Budget) -> usize {
    let available = memory.limit() / 4 / HEAD_LIMIT as u64;
    let available = usize::try_from(available).unwrap_or(usize::MAX).max(1);
    if available < wanted {
        warn!(
            memory = memory.limit(),
            connections = available,
            "there is little memory; allowing fewer connections than --max-connections"
        );
    }
    fd_limit::connections(wanted.min(available))
}

/// Waits until the listener can be closed without resetting a client that has connected.
async fn last_call(listener: &TcpListener, grace: Duration) {
    sleep(grace).await;
    if turn_away(listener) {
        sleep(LAST_ARRIVALS).await;
    }
}
