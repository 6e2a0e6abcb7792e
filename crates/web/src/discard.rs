//! Discards the body of a request that was answered early.
//!
//! A request can be rejected before its body is read. If the connection were closed then, the
//! client's next write would fail, and many clients report that instead of the response.

use std::time::Duration;

use canopy_telemetry::context;
use http::request::Parts;
use http::{Version, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Body as _;
use tokio::time::timeout;

use super::body::RequestBody;

/// Maximum number of bytes that are discarded.
const LIMIT: usize = 256 << 20;
/// Maximum time for discarding.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Whether the client waits for `100 Continue` before it sends the body.
pub(super) fn waits(head: &Parts) -> bool {
    let expected = head.headers.get(header::EXPECT);
    let waits = expected.is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    waits && head.version > Version::HTTP_10
}

/// Discards the rest of a body while the response is sent. A client that `waits` for
/// `100 Continue`, and did not get it, sends no body.
pub(super) fn discard(body: RequestBody, waits: bool) {
    let is_coming = !waits || body.was_read();
    if is_coming && !body.is_end_stream() {
        let mut rest = Limited::new(body, LIMIT);
        context::spawn(timeout(TIMEOUT, async move {
            while let Some(Ok(_)) = rest.frame().await {}
        }));
    }
}
