//! Accepting connections, and stopping without dropping one.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use crate::host::Host;

/// Pause after a failed accept, such as when file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until `stop` resolves, then finishes the requests in flight.
pub(crate) async fn serve(host: Arc<Host>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let network = &host.config.network;
    let service = TowerToHyperService::new(super::router(Arc::clone(&host)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from(network.header_timeout));
    let places = Arc::new(Semaphore::new(network.max_connections));
    let open = GracefulShutdown::new();

    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (stream, place) = tokio::select! {
            () = &mut stop => break,
            (accepted, place) = accepted => match accepted.and_then(prepare) {
                Ok(stream) => (stream, place),
                Err(error) => {
                    warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let connection = http.serve_connection(TokioIo::new(stream), service.clone());
        let connection = open.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(%error, "connection ended early");
            }
            drop(place);
        });
    }

    host.stop();
    drop(listener);
    info!(connections = open.count(), "stopping");
    let patience = Duration::from(network.shutdown_timeout);
    if timeout(patience, open.shutdown()).await.is_err() {
        warn!(?patience, "some requests took too long to finish");
    }
}

/// Small answers are sent at once rather than gathered.
fn prepare((stream, _): (TcpStream, std::net::SocketAddr)) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    Ok(stream)
}
