//! Discarding what a client still sends when it has its answer already.
//!
//! A request can be refused before its body is read. To close the connection then would make the
//! client's next write fail, and many clients report that rather than the answer.

use std::time::Duration;

use canopy_telemetry::context;
use http::request::Parts;
use http::{Version, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Body as _;
use tokio::time::timeout;

use super::body::RequestBody;

/// Largest rest of a body that is discarded, in bytes.
const LIMIT: usize = 256 << 20;
/// Longest time that this may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether a client sends its body only when it is told to.
pub(super) fn waits(head: &Parts) -> bool {
    let expected = head.headers.get(header::EXPECT);
    let waits = expected.is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    waits && head.version > Version::HTTP_10
}

/// Has the rest of a body read while the answer is on its way. A client that `waits` to be told to
/// send its body, and was not, sends none.
pub(super) fn discard(body: RequestBody, waits: bool) {
    let is_coming = !waits || body.was_read();
    if is_coming && !body.is_end_stream() {
        let mut rest = Limited::new(body, LIMIT);
        context::spawn(timeout(PATIENCE, async move {
            while let Some(Ok(_)) = rest.frame().await {}
        }));
    }
}
