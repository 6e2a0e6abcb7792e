//! Compression of responses.

use std::convert::Infallible;
use std::future::{Future as _, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum_core::body::Body;
use axum_core::response::Response;
use canopy_pool::{BackgroundPool, Owner};
use http::request::Parts;
use http::{Request, header};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tower::{ServiceExt as _, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::Compression;
use tower_http::compression::predicate::SizeAbove;

use super::body::AT_ONCE;
use super::problem::Problem;

/// Smallest response that is compressed, in bytes.
const MIN_SIZE: u16 = 1024;

/// Compresses a large response with gzip or zstd if the client accepts it. Slow compressions run
/// in the pool, if there is one, so that they delay no other request.
pub(super) async fn compress(
    head: &Parts,
    response: Response,
    pool: Option<(&BackgroundPool, Owner)>,
) -> Result<Response, Problem> {
    let size = response.body().size_hint().upper();
    if size.is_some_and(|size| size < MIN_SIZE.into()) {
        return Ok(response);
    }
    let mut request = Request::new(());
    for value in head.headers.get_all(header::ACCEPT_ENCODING) {
        let headers = request.headers_mut();
        headers.append(header::ACCEPT_ENCODING, value.clone());
    }
    // The layer wants a service; the response exists already.
    let mut answer = Some(response);
    let answered =
        service_fn(move |_| ready(Ok::<_, Infallible>(answer.take().unwrap_or_default())));
    let compression = Compression::new(answered)
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(MIN_SIZE));
    let response = match compression.oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    };
    let is_compressed = response.headers().contains_key(header::CONTENT_ENCODING);
    match pool {
        Some((pool, owner)) if is_compressed && size.is_some_and(|size| size > AT_ONCE as u64) => {
            let (head, body) = response.into_parts();
            let body = pool.run_unbounded(owner, move || whole(body)).await?;
            Ok(Response::from_parts(
                head,
                body.ok_or_else(Problem::internal)?,
            ))
        }
        _ => Ok(response),
    }
}

/// The body in memory; `None` if it is not available immediately.
fn whole(body: Body) -> Option<Body> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(body.collect()).poll(&mut context) {
        Poll::Ready(Ok(body)) => Some(body.to_bytes().into()),
        Poll::Ready(Err(_)) | Poll::Pending => None,
    }
}
