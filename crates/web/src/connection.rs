//! Accepting connections and answering their requests.

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

use super::body::{AnswerBody, RequestBody};
use super::idle::{Activity, Connections, Impatient, Patience};
use super::pipeline::Pipeline;
use super::service::Service;
use super::tls::Tls;
use super::workers::Workers;

/// Pause after a failed accept, such as when file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Longest time that a connection which was told to close is waited for before another one is.
const CLOSING_PAUSE: Duration = Duration::from_secs(1);
/// Bytes of a request's head that are read before its end is looked for again: one of twice as
/// many is certainly answered 431.
pub const HEAD_LIMIT: usize = 64 << 10;

/// Tells all connections to close, and knows how many are open.
pub(super) struct Shutdown(watch::Sender<bool>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(watch::channel(false).0)
    }
}

impl Shutdown {
    /// Number of connections that are open.
    pub(super) fn open(&self) -> usize {
        self.0.receiver_count()
    }

    /// Has every connection close after the request that it is answering; waits until all have.
    pub(super) async fn close(&self) {
        self.0.send_replace(true);
        self.0.closed().await;
    }
}

/// Accepts connections for ever.
pub(super) async fn accept<S: Service>(
    pipeline: Arc<Pipeline<S>>,
    listener: &TcpListener,
    max_connections: usize,
    workers: &mut Workers,
    shutdown: &Shutdown,
) -> Infallible {
    let parts = pipeline.service().parts();
    let patience = Patience {
        idle: parts.config.keep_alive.into(),
        head: parts.config.header_timeout.into(),
    };
    let write_timeout = Duration::from(parts.config.write_timeout);
    // The stream has its own timeouts.
    let mut http = http1::Builder::new();
    http.header_read_timeout(None).max_buf_size(HEAD_LIMIT);
    let permits = Arc::new(Semaphore::new(max_connections));
    let connections = Connections::default();
    let mut failing = false;
    loop {
        let accepted = listener.accept().await;
        let detached = accepted.and_then(|(stream, address)| {
            // Small answers are sent at once rather than gathered.
            stream.set_nodelay(true)?;
            Ok((stream.into_std()?, address.ip()))
        });
        let (stream, peer) = match detached {
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
        let permit = permit(&permits, &connections).await;
        let connection = Connection {
            pipeline: Arc::clone(&pipeline),
            peer,
            activity: connections.open(),
            patience,
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
            match timeout(patience.head, tls.accept(stream)).await {
                Ok(Ok(stream)) => connection.answer(&http, stream).await,
                Ok(Err(error)) => debug!(%error, "the TLS handshake failed"),
                Err(_) => debug!("the TLS handshake took too long"),
            }
        });
    }
}

/// A permit for a connection: where all are taken, that of the connection that has been idle for
/// the longest time, or the next one that is given back.
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
            // Another one may be idle by now.
            Err(_) => {}
        }
    }
}

/// A connection that has been accepted; it is open until this is dropped.
struct Connection<S: 'static> {
    pipeline: Arc<Pipeline<S>>,
    peer: IpAddr,
    activity: Arc<Activity>,
    patience: Patience,
    shutdown: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

impl<S: Service> Connection<S> {
    /// Answers the requests of the connection until it ends or is told to close.
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
                Ok::<_, Infallible>(response.map(|body| AnswerBody::new(body, busy)))
            }
        });
        let stream = Impatient::new(stream, Arc::clone(activity), self.patience);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            biased;
            ended = &mut connection => ended,
            () = told(&mut self.shutdown, activity) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            debug!(%error, "connection ended early");
        }
    }
}

/// Waits until a connection is told to close.
async fn told(shutdown: &mut watch::Receiver<bool>, activity: &Activity) {
    tokio::select! {
        // An error is the end of the server.
        _ = shutdown.wait_for(|closing| *closing) => {}
        () = activity.close.notified() => {}
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
