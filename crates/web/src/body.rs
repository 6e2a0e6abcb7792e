//! Request and response bodies.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_core::body::Body as AnyBody;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::timeout;

use super::idle::Busy;
use super::problem::Problem;

/// Largest body, in bytes, that is parsed on the thread that reads requests.
pub const AT_ONCE: usize = 64 << 10;

/// A request body, lent to a handler so that the unread rest can be discarded.
pub(super) struct RequestBody {
    incoming: Incoming,
    /// Whether reading has begun.
    was_read: bool,
    _busy: Busy,
}

impl RequestBody {
    /// A body that keeps its connection busy until it is dropped.
    pub(super) fn new(incoming: Incoming, busy: Busy) -> Self {
        Self {
            incoming,
            was_read: false,
            _busy: busy,
        }
    }

    pub(super) fn was_read(&self) -> bool {
        self.was_read
    }

    /// The length, if it is known before the body arrives.
    pub(super) fn length(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    /// Reads the whole body, of at most `limit` bytes, within `max_time`.
    pub(super) async fn read(&mut self, limit: u64, max_time: Duration) -> Result<Bytes, Problem> {
        let too_large = || {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body is larger than {limit} bytes"),
            )
        };
        if self.length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let limited = Limited::new(self, usize::try_from(limit).unwrap_or(usize::MAX));
        match timeout(max_time, gather(limited)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(error)) => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                format!("the body could not be read: {error}"),
            )),
            Err(_) => Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                format!("the body did not arrive within {max_time:?}"),
            )),
        }
    }
}

/// Collects a body into one buffer; copies nothing if it arrives in one piece.
async fn gather<B: Body<Data = Bytes> + Unpin>(mut body: B) -> Result<Bytes, B::Error> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await.transpose()? {
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.is_empty() {
            if body.is_end_stream() {
                return Ok(data);
            }
            let rest = usize::try_from(body.size_hint().lower()).unwrap_or(0);
            whole.reserve(data.len() + rest);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.was_read = true;
        Pin::new(&mut self.incoming).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// A response body, which keeps its connection busy until it is sent.
pub(super) struct ResponseBody {
    body: AnyBody,
    _busy: Busy,
}

impl ResponseBody {
    pub(super) fn new(body: AnyBody, busy: Busy) -> Self {
        Self { body, _busy: busy }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = axum_core::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
