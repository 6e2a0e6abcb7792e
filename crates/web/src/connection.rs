//! Connections: accepting them and answering their requests.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tracing::{debug, warn};

use super::body::{RequestBody, ResponseBody};
use super::idle::{Activity, Connections, TimedStream, Timeouts};
use super::pipeline::Pipeline;
use super::service::Service;
use super::tls::Tls;
use super::workers::Workers;

/// Pause after a failed accept, for instance when the fd limit is reached.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Time to wait for a closing connection before another one is closed.
const CLOSING_PAUSE: Duration = Duration::from_secs(1);
/// Read buffer for a request's head, in bytes; a head of twice this size always gets 431.
pub const HEAD_LIMIT: usize = 64 << 10;

/// Closes all connections and counts the open ones.
pub(super) struct Shutdown(watch::Sender<bool>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(watch::channel(false).0)
    }
}

impl Shutdown {
    /// Number of open connections.
    pub(super) fn open(&self) -> usize {
        self.0.receiver_count()
    }

    /// Closes every connection after its current request; returns when all are closed.
    pub(super) async fn close(&self) {
        self.0.send_replace(true);
        self.0.closed().await;
    }
}

/// Accepts connections until it is dropped.
pub(super) async fn accept<S: Service>(
    pipeline: Arc<Pipeline<S>>,
    listener: &TcpListener,
    max_connections: usize,
    workers: &mut Workers,
    shutdown: &Shutdown,
) -> Infallible {
    let parts = pipeline.service().parts();
    let timeouts = Timeouts {
        idle: parts.config.keep_alive.into(),
        head: parts.config.header_timeout.into(),
    };
    let write_timeout = Duration::from(parts.config.write_timeout);
    // The stream enforces its own timeouts.
    let mut http = http1::Builder::new();
    http.header_read_timeout(None).max_buf_size(HEAD_LIMIT);
    let permits = Arc::new(Semaphore::new(max_connections));
    let connections = Connections::default();
    let mut failing = false;
    loop {
        let accepted = listener.accept().await;
        let detached = accepted.and_then(|(stream, address)| {
            // Sends small responses immediately.
            stream.set_nodelay(true)?;
            Ok((stream.into_std()?, address.ip()))
        });
        let (stream, peer) = match detached {
            Ok(detached) => detached,
            Err(error) => {
                // Logged once per series of failures.
                if !failing {
                    warn!(%error, "cannot accept connections");
                }
                failing = true;
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        failing = false;
        let permit = permit(&permits, &connections).await;
        let connection = Connection {
            pipeline: Arc::clone(&pipeline),
            peer,
            activity: connections.open(),
            timeouts,
            shutdown: shutdown.0.subscribe(),
            _permit: permit,
        };
        let http = http.clone();
        let tls = parts.tls.as_ref().map(Tls::acceptor);
        workers.spawn(async move {
            let stream = match attach(stream, write_timeout) {
                Ok(stream) => stream,
                Err(error) => return warn!(%error, "a connection cannot be served"),
            };
            let Some(tls) = tls else {
                return connection.answer(&http, stream).await;
            };
            match timeout(timeouts.head, tls.accept(stream)).await {
                Ok(Ok(stream)) => connection.answer(&http, stream).await,
                Ok(Err(error)) => debug!(%error, "the TLS handshake failed"),
                Err(_) => debug!("the TLS handshake took too long"),
            }
        });
    }
}

/// A permit for a connection. If none is left, closes the connection that has been idle longest
/// and waits for the next permit that is released.
async fn permit(permits: &Arc<Semaphore>, connections: &Connections) -> OwnedSemaphorePermit {
    if let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
        return permit;
    }
    loop {
        let pause = if connections.close_idlest() {
            CLOSING_PAUSE
        } else {
            ACCEPT_PAUSE
        };
        let next = Arc::clone(permits).acquire_owned();
        match timeout(pause, next).await {
            Ok(Ok(permit)) => return permit,
            Ok(Err(closed)) => unreachable!("the semaphore is never closed: {closed}"),
            // Another connection may be idle by now.
            Err(_) => {}
        }
    }
}

/// An accepted connection; counts as open until it is dropped.
struct Connection<S: 'static> {
    pipeline: Arc<Pipeline<S>>,
    peer: IpAddr,
    activity: Arc<Activity>,
    timeouts: Timeouts,
    shutdown: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

impl<S: Service> Connection<S> {
    /// Answers the connection's requests until it ends or is told to close.
    async fn answer<T>(mut self, http: &http1::Builder, stream: T)
    where
        T: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let (pipeline, activity, peer) = (&self.pipeline, &self.activity, self.peer);
        let service = service_fn(move |request: Request<Incoming>| {
            let busy = activity.begin();
            async move {
                let request = request.map(|body| RequestBody::new(body, busy.clone()));
                let response = pipeline.answer(request, peer).await;
                Ok::<_, Infallible>(response.map(|body| ResponseBody::new(body, busy)))
            }
        });
        let stream = TimedStream::new(stream, Arc::clone(activity), self.timeouts);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            biased;
            ended = &mut connection => ended,
            () = close_requested(&mut self.shutdown, activity) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            debug!(%error, "connection ended early");
        }
    }
}

/// Waits until the connection or the server is told to close.
async fn close_requested(shutdown: &mut watch::Receiver<bool>, activity: &Activity) {
    tokio::select! {
        // An error means that the server has ended.
        _ = shutdown.wait_for(|closing| *closing) => {}
        () = activity.close.notified() => {}
    }
}

/// Registers a stream with this thread's runtime and sets its write timeout.
fn attach(
    stream: std::net::TcpStream,
    write_timeout: Duration,
) -> io::Result<Pin<Box<TimeoutStream<TcpStream>>>> {
    let mut stream = TimeoutStream::new(TcpStream::from_std(stream)?);
    stream.set_write_timeout(Some(write_timeout));
    Ok(Box::pin(stream))
}
