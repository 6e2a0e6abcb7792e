//! Connections: accepting them and answering their requests.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use canopy_pool::{Owner, Share, Shares};
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
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
        write: parts.config.write_pace(),
    };
    // The stream enforces its own timeouts.
    let mut http = http1::Builder::new();
    http.header_read_timeout(None).max_buf_size(HEAD_LIMIT);
    let permits = Permits::new(max_connections);
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
        let owner = Owner::of(peer);
        let Some(permit) = permits.take(&connections, owner).await else {
            debug!(%peer, "connection refused: this address has too many");
            continue;
        };
        let connection = Connection {
            pipeline: Arc::clone(&pipeline),
            peer,
            activity: connections.open(owner),
            timeouts,
            shutdown: shutdown.0.subscribe(),
            _permit: permit,
        };
        let http = http.clone();
        let tls = parts.tls.as_ref().map(Tls::acceptor);
        workers.spawn(async move {
            let stream = match TcpStream::from_std(stream) {
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

/// Permits for connections, shared by the addresses of clients.
#[derive(Clone)]
struct Permits {
    shares: Arc<Shares>,
    /// Told whenever one is released.
    released: Arc<Notify>,
}

impl Permits {
    fn new(max_connections: usize) -> Self {
        Self {
            shares: Arc::new(Shares::new(max_connections)),
            released: Arc::default(),
        }
    }

    /// A permit for a connection of an address.
    ///
    /// If none is left, closes the connection that has been idle longest; if the share of the address
    /// is used up, that of the address. Waits for the next permit that is released.
    ///
    /// Returns `None` if the share of the address is used up and none of its connections is idle.
    async fn take(&self, connections: &Connections, owner: Owner) -> Option<Permit> {
        loop {
            if let Some(share) = Shares::take(Arc::clone(&self.shares), owner) {
                return Some(Permit {
                    share: Some(share),
                    released: Arc::clone(&self.released),
                });
            }
            let others_may_have_one = self.shares.has_free();
            let is_closing = connections.close_idlest(others_may_have_one.then_some(owner));
            let pause = match (is_closing, others_may_have_one) {
                (true, _) => CLOSING_PAUSE,
                (false, false) => ACCEPT_PAUSE,
                (false, true) => return None,
            };
            // Another one may be idle once this has passed.
            let _ = timeout(pause, self.released.notified()).await;
        }
    }
}

/// A permit for a connection, released when dropped.
struct Permit {
    share: Option<Share<Arc<Shares>>>,
    released: Arc<Notify>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        drop(self.share.take());
        self.released.notify_one();
    }
}

/// An accepted connection; counts as open until it is dropped.
struct Connection<S: 'static> {
    pipeline: Arc<Pipeline<S>>,
    peer: IpAddr,
    activity: Arc<Activity>,
    timeouts: Timeouts,
    shutdown: watch::Receiver<bool>,
    _permit: Permit,
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
