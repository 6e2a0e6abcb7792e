//! Compression of answers for clients that ask for it.

use std::convert::Infallible;
use std::future::{Future as _, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum_core::body::Body;
use axum_core::response::Response;
use canopy_pool::BackgroundPool;
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

/// Answers below this size, in bytes, are sent as they are.
const SMALLEST: u16 = 1024;

/// The answer in gzip or zstd, if it is large and the client accepts that. What takes long is done
/// by a pool if there is one, so that it delays no other request.
pub(super) async fn compress(
    head: &Parts,
    response: Response,
    pool: Option<&BackgroundPool>,
) -> Result<Response, Problem> {
    let size = response.body().size_hint().upper();
    if size.is_some_and(|size| size < SMALLEST.into()) {
        return Ok(response);
    }
    let mut request = Request::new(());
    for value in head.headers.get_all(header::ACCEPT_ENCODING) {
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
    let response = match compression.oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    };
    let is_compressed = response.headers().contains_key(header::CONTENT_ENCODING);
    match pool {
        Some(pool) if is_compressed && size.is_some_and(|size| size > AT_ONCE as u64) => {
            let (head, body) = response.into_parts();
            let body = pool.run_unbounded(move || whole(body)).await?;
            Ok(Response::from_parts(
                head,
                body.ok_or_else(Problem::internal)?,
            ))
        }
        _ => Ok(response),
    }
}

/// A body that waits for nothing, made now.
fn whole(body: Body) -> Option<Body> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(body.collect()).poll(&mut context) {
        Poll::Ready(Ok(body)) => Some(body.to_bytes().into()),
        Poll::Ready(Err(_)) | Poll::Pending => None,
    }
}
