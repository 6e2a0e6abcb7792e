//! Accepting connections, and stopping without dropping one.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tracing::{debug, info, warn};

use crate::host::Host;

/// Pause after a failed accept, such as when file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Most bytes of a request's head that are read before its end is looked for again: one of twice
/// as many is certainly answered 431.
const HEAD_LIMIT: usize = 64 << 10;

/// Serves connections until the first message of `stop`, then finishes the requests in flight;
/// a second message ends them.
pub(crate) async fn serve(host: Arc<Host>, listener: TcpListener, mut stop: UnboundedReceiver<()>) {
    let network = &host.config.network;
    let open = GracefulShutdown::new();
    {
        let mut accepting = std::pin::pin!(accept(&host, &listener, &open));
        tokio::select! {
            never = &mut accepting => match never {},
            _ = stop.recv() => {}
        }
        host.stop();
        let drain = Duration::from(network.drain);
        info!(?drain, "stopping");
        tokio::select! {
            never = accepting => match never {},
            _ = stop.recv() => {}
            () = sleep(drain) => {}
        }
    }
    drop(listener);
    info!(connections = open.count(), "accepting no more connections");
    let patience = Duration::from(network.shutdown_timeout);
    tokio::select! {
        finished = timeout(patience, open.shutdown()) => if finished.is_err() {
            warn!(?patience, "some requests took too long to finish");
        },
        _ = stop.recv() => warn!("told to stop again, requests in flight are dropped"),
    }
}

/// Address of the client of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Accepts connections for ever.
async fn accept(host: &Arc<Host>, listener: &TcpListener, open: &GracefulShutdown) -> Infallible {
    let network = &host.config.network;
    let service = TowerToHyperService::new(super::router(Arc::clone(host)));
    let mut http = http1::Builder::new();
    let patience = Duration::from(network.header_timeout);
    http.timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEAD_LIMIT);
    let places = Arc::new(Semaphore::new(network.max_connections));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let accepted = listener.accept().await;
        let prepared = accepted.and_then(|(stream, address)| {
            let stream = prepare(stream, network.write_timeout.into())?;
            Ok((stream, address.ip()))
        });
        let (stream, address) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let service = service.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(address));
            service.call(request)
        });
        let (http, open) = (http.clone(), open.watcher());
        let Some(tls) = &host.tls else {
            tokio::spawn(async move {
                converse(&http, stream, service, open).await;
                drop(place);
            });
            continue;
        };
        let handshake = timeout(patience, tls.acceptor().accept(stream));
        tokio::spawn(async move {
            match handshake.await {
                Ok(Ok(stream)) => converse(&http, stream, service, open).await,
                Ok(Err(error)) => debug!(%error, "no TLS connection"),
                Err(_) => debug!("the TLS handshake took too long"),
            }
            drop(place);
        });
    }
}

/// Answers the requests of a connection.
async fn converse<T, S>(http: &http1::Builder, stream: T, service: S, open: Watcher)
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
    S: HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let connection = http.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = open.watch(connection).await {
        debug!(%error, "connection ended early");
    }
}

/// Small answers are sent at once rather than gathered, and a client that reads nothing is cut off.
fn prepare(
    stream: TcpStream,
    write_timeout: Duration,
) -> io::Result<Pin<Box<TimeoutStream<TcpStream>>>> {
    stream.set_nodelay(true)?;
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write_timeout));
    Ok(Box::pin(stream))
}
