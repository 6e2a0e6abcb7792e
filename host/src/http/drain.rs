//! Reading what a client still sends when it has its answer already.
//!
//! A request can be refused before its body is read. To close the connection then would make the
//! client's next write fail, and many clients report that rather than the answer.

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
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::timeout;

/// Most bytes that are read for nothing, and the longest time that may take.
const MOST: (usize, Duration) = (256 << 20, Duration::from_secs(10));

/// Has the rest of a body read while the answer is on its way. A client that waits to be told to
/// send its body, and was not, sends none.
pub(super) async fn drain(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let waits = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let rest = Shared(Arc::new(Mutex::new((body, false))));
    let body = Body::new(Shared(Arc::clone(&rest.0)));
    let response = next.run(Request::from_parts(parts, body)).await;
    let is_coming = !waits || rest.was_read();
    if is_coming && !rest.is_end_stream() {
        tokio::spawn(timeout(MOST.1, discard(Limited::new(rest, MOST.0))));
    }
    response
}

/// Reads a body to its end, or until it is too long.
async fn discard(mut body: Limited<Shared>) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// A body that outlives whoever reads it, and whether anybody has begun to.
struct Shared(Arc<Mutex<(Body, bool)>>);

impl Shared {
    fn was_read(&self) -> bool {
        self.lock().1
    }

    fn lock(&self) -> MutexGuard<'_, (Body, bool)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl hyper::body::Body for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut shared = self.lock();
        shared.1 = true;
        Pin::new(&mut shared.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.lock().0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.lock().0.size_hint()
    }
}
