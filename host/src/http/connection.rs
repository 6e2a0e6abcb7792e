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
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use socket2::{SockFilter, SockRef};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tracing::{debug, info, warn};

use super::direct::{self, Connection};
use super::workers::Workers;
use crate::host::Host;
use crate::tls::Tls;

/// Pause after a failed accept, such as when file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Most bytes of a request's head that are read before its end is looked for again: one of twice
/// as many is certainly answered 431.
const HEAD_LIMIT: usize = 64 << 10;
/// Time for what is under way when the host stops: for connections whose making has begun, and
/// then for the first request of those accepted last.
const LAST_ARRIVALS: Duration = Duration::from_millis(100);

const AGAIN: &str = "told to stop again, requests in flight are dropped";

/// Serves connections until the first message of `stop`, then finishes the requests in flight;
/// a second message ends them.
///
/// Told to stop, it goes on accepting and answering for a while, but every answer says that it is
/// the last of its connection, so that clients move away. Then nobody new is let in, whoever has
/// connected is answered, and connections that are idle still are closed.
pub(crate) async fn serve(
    host: Arc<Host>,
    listener: TcpListener,
    mut workers: Workers,
    mut stop: UnboundedReceiver<()>,
) {
    let network = &host.config.network;
    let open = GracefulShutdown::new();
    {
        let mut accepting = std::pin::pin!(accept(&host, &listener, &mut workers, &open));
        tokio::select! {
            never = &mut accepting => match never {},
            _ = stop.recv() => {}
        }
        host.stop();
        let drain = Duration::from(network.drain);
        info!(?drain, "stopping");
        tokio::select! {
            never = accepting => match never {},
            () = last_call(&listener, drain) => {}
            _ = stop.recv() => return warn!("{AGAIN}"),
        }
    }
    drop(listener);
    info!(connections = open.count(), "accepting no more connections");
    let patience = Duration::from(network.shutdown_timeout);
    let finish = async {
        sleep(LAST_ARRIVALS).await;
        timeout(patience, open.shutdown()).await
    };
    tokio::select! {
        finished = finish => if finished.is_err() {
            warn!(?patience, "some requests took too long to finish");
        },
        _ = stop.recv() => warn!("{AGAIN}"),
    }
}

/// Waits until the listener can be closed without refusing anyone who has connected.
async fn last_call(listener: &TcpListener, drain: Duration) {
    sleep(drain).await;
    match turn_away(listener) {
        Ok(()) => sleep(LAST_ARRIVALS).await,
        Err(error) => debug!(%error, "the last connections may be reset"),
    }
}

/// Has the kernel drop the first packet of every new connection, so that the queue of those that
/// wait to be accepted comes to an end. Their clients try again, and find the host's successor
/// or nobody.
fn turn_away(listener: &TcpListener) -> io::Result<()> {
    /// Byte of a TCP header that has the flags.
    const FLAGS: u32 = 13;
    const SYN: u32 = 2;
    // Programs of the Berkeley Packet Filter: load a byte, jump if a bit is set, return.
    let filter = [
        SockFilter::new(0x30, 0, 0, FLAGS),
        SockFilter::new(0x45, 0, 1, SYN),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ];
    SockRef::from(listener).attach_filter(&filter)
}

/// Address of the client of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Accepts connections for ever.
async fn accept(
    host: &Arc<Host>,
    listener: &TcpListener,
    workers: &mut Workers,
    open: &GracefulShutdown,
) -> Infallible {
    let network = &host.config.network;
    let router = super::router(Arc::clone(host));
    let mut http = http1::Builder::new();
    let patience = Duration::from(network.header_timeout);
    http.timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEAD_LIMIT);
    let write_timeout = Duration::from(network.write_timeout);
    let places = Arc::new(Semaphore::new(network.max_connections));
    let mut failing = false;
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let accepted = listener.accept().await;
        let detached = accepted.and_then(|(stream, address)| {
            // Small answers are sent at once rather than gathered.
            stream.set_nodelay(true)?;
            Ok((stream.into_std()?, address.ip()))
        });
        let (stream, address) = match detached {
            Ok(detached) => detached,
            Err(error) => {
                // Once, not with every try.
                if !failing {
                    warn!(%error, "cannot accept connections");
                }
                failing = true;
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        failing = false;
        let connection = Arc::new(Connection {
            host: Arc::clone(host),
            router: router.clone(),
            peer: Peer(address),
        });
        let service = service_fn(move |request| direct::answer(Arc::clone(&connection), request));
        let (http, open) = (http.clone(), open.watcher());
        let tls = host.tls.as_ref().map(Tls::acceptor);
        workers.spawn(async move {
            let _until_the_end = place;
            let stream = match attach(stream, write_timeout) {
                Ok(stream) => stream,
                Err(error) => return warn!(%error, "a connection cannot be served"),
            };
            let Some(tls) = tls else {
                return converse(&http, stream, service, open).await;
            };
            match timeout(patience, tls.accept(stream)).await {
                Ok(Ok(stream)) => converse(&http, stream, service, open).await,
                Ok(Err(error)) => debug!(%error, "no TLS connection"),
                Err(_) => debug!("the TLS handshake took too long"),
            }
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

/// Watches a stream from this thread; a client that reads nothing is cut off.
fn attach(
    stream: std::net::TcpStream,
    write_timeout: Duration,
) -> io::Result<Pin<Box<TimeoutStream<TcpStream>>>> {
    let mut stream = TimeoutStream::new(TcpStream::from_std(stream)?);
    stream.set_write_timeout(Some(write_timeout));
    Ok(Box::pin(stream))
}
