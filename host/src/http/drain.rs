//! Reading what a client still sends when it has its answer already.
//!
//! A request can be refused before its body is read. To close the connection then would make the
//! client's next write fail, and many clients report that rather than the answer.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::timeout;

/// A body up to this size has arrived with its head.
const SMALL: u64 = 16 << 10;
/// Most bytes that are read for nothing, and the longest time that may take.
const MOST: (usize, Duration) = (256 << 20, Duration::from_secs(10));

/// Has the rest of a large body read while the answer is on its way. A client that waits to be
/// told to send its body needs no such thing.
pub(super) async fn drain(request: Request, next: Next) -> Response {
    let is_small = request
        .body()
        .size_hint()
        .upper()
        .is_some_and(|upper| upper <= SMALL);
    if is_small || request.headers().contains_key(header::EXPECT) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let shared = Arc::new(Mutex::new(body));
    let body = Body::new(Shared(Arc::clone(&shared)));
    let response = next.run(Request::from_parts(parts, body)).await;
    let rest = Shared(shared);
    if !rest.is_end_stream() {
        tokio::spawn(timeout(MOST.1, discard(Limited::new(rest, MOST.0))));
    }
    response
}

/// Reads a body to its end, or until it is too long.
async fn discard(mut body: Limited<Shared>) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// A body that outlives whoever reads it.
struct Shared(Arc<Mutex<Body>>);

impl hyper::body::Body for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.size_hint()
    }
}
