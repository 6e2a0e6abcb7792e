//! Request and response bodies.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum_core::body::Body as AnyBody;
use axum_core::response::Response;
use bytes::{Bytes, BytesMut};
use canopy_resources::{Budget, Held, Reservation};
use http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, timeout_at};

use super::idle::Busy;
use super::pace::Pace;
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

    /// Reads the whole body, of at most `limit` bytes, in memory of the budget. Copies nothing if it
    /// arrives in one piece.
    pub(super) async fn read(
        &mut self,
        limit: u64,
        pace: Pace,
        memory: &Budget,
    ) -> Result<Held<Bytes>, Problem> {
        let too_large = || {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body is larger than {limit} bytes"),
            )
        };
        if self.length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        // One that cannot fit is not read at all.
        memory.check(self.length().unwrap_or(0))?;
        let start = Instant::now();
        let mut memory = memory.nothing();
        let mut whole = BytesMut::new();
        loop {
            let received = memory.bytes();
            let deadline = start.checked_add(pace.time_for(received));
            let frame = match deadline {
                Some(deadline) => timeout_at(deadline, self.frame()).await,
                None => Ok(self.frame().await),
            };
            let frame = frame.map_err(|_| pace.late(received))?;
            let frame = frame.transpose().map_err(|error| {
                let detail = format!("the body could not be read: {error}");
                Problem::new(StatusCode::BAD_REQUEST, detail)
            })?;
            let Some(frame) = frame else {
                return Ok(Held::new(whole.freeze(), memory));
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if received + data.len() as u64 > limit {
                return Err(too_large());
            }
            memory.grow(data.len() as u64)?;
            if whole.is_empty() {
                if self.is_end_stream() {
                    return Ok(Held::new(data, memory));
                }
                let rest = usize::try_from(self.size_hint().lower()).unwrap_or(0);
                whole.reserve(data.len() + rest);
            }
            whole.extend_from_slice(&data);
        }
    }
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

/// A response that keeps the memory of its body reserved until it is sent, if it is large.
pub(super) fn held(response: Response, memory: &Budget) -> Result<Response, Problem> {
    let size = response.body().size_hint().exact();
    match size.filter(|size| *size > AT_ONCE as u64) {
        None => Ok(response),
        Some(size) => {
            let memory = memory.reserve(size)?;
            Ok(response.map(|body| AnyBody::new(HeldBody { body, memory })))
        }
    }
}

/// A body whose memory is reserved. Each part keeps its own reserved until it has been written: the
/// server may take a part long before.
struct HeldBody {
    body: AnyBody,
    memory: Reservation,
}

impl Body for HeldBody {
    type Data = Bytes;
    type Error = axum_core::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let held = |data: Bytes| {
            let memory = self.memory.split(data.len() as u64);
            Bytes::from_owner(Held::new(data, memory))
        };
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(held))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
