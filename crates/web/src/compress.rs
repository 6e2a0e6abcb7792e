//! Compression of answers for clients that ask for it.

use std::convert::Infallible;
use std::future::ready;

use axum_core::body::Body;
use axum_core::response::Response;
use http::request::Parts;
use http::{Request, header};
use tower::{ServiceExt as _, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::Compression;
use tower_http::compression::predicate::SizeAbove;

/// Answers below this size, in bytes, are sent as they are.
const SMALLEST: u16 = 1024;

/// The answer in gzip or zstd, if it is large and the client accepts that.
pub(super) async fn compress(head: &Parts, response: Response) -> Response {
    let accepted = head.headers.get_all(header::ACCEPT_ENCODING);
    if accepted.iter().next().is_none() {
        return response;
    }
    let mut request = Request::new(());
    for value in accepted {
        let headers = request.headers_mut();
        headers.append(header::ACCEPT_ENCODING, value.clone());
    }
    // The layer compresses what a service answers; this one has its answer already.
    let mut answer = Some(response);
    let answered =
        service_fn(move |_| ready(Ok::<_, Infallible>(answer.take().unwrap_or_default())));
    let compression = Compression::new(answered)
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(SMALLEST));
    match compression.oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}
