//! Reading what a client still sends when it has its answer already.
//!
//! A request can be refused before its body is read. To close the connection then would make the
//! client's next write fail, and many clients report that rather than the answer.

use std::error::Error;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{self, Body as _, Frame, SizeHint};
use tokio::time::timeout;

/// Most bytes that are read for nothing, and the longest time that may take.
const MOST: (usize, Duration) = (256 << 20, Duration::from_secs(10));

/// [`finish`], for every route.
pub(super) async fn drain(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let waits = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let rest = Shared(Arc::new(Mutex::new(Lent::new(body))));
    let body = Body::new(Shared(Arc::clone(&rest.0)));
    let response = next.run(Request::from_parts(parts, body)).await;
    let was_read = rest.lock().was_read;
    finish(rest, was_read, waits);
    response
}

/// Has the rest of a body read while the answer is on its way. A client that `waits` to be told
/// to send its body, and was not, sends none.
pub(super) fn finish<B>(rest: B, was_read: bool, waits: bool)
where
    B: body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let is_coming = !waits || was_read;
    if is_coming && !rest.is_end_stream() {
        tokio::spawn(timeout(MOST.1, discard(Limited::new(rest, MOST.0))));
    }
}

/// Reads a body to its end, or until it is too long.
async fn discard(mut body: impl body::Body + Unpin) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// A body that outlives whoever reads it.
pub(super) struct Lent<B> {
    pub(super) body: B,
    /// Whether anybody has begun to read it.
    pub(super) was_read: bool,
}

impl<B> Lent<B> {
    pub(super) fn new(body: B) -> Self {
        Self {
            body,
            was_read: false,
        }
    }
}

impl<B: body::Body + Unpin> body::Body for Lent<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.was_read = true;
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body for whoever reads it and whoever reads the rest.
struct Shared(Arc<Mutex<Lent<Body>>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Lent<Body>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl body::Body for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.lock()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.lock().size_hint()
    }
}
