//! Responses and media types.

use axum_core::body::Body;
use axum_core::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use mime::Mime;
use serde::Serialize;

use super::problem::Problem;

/// Media type of JSON.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A JSON response.
///
/// # Errors
///
/// 500 if the value cannot be serialized.
pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value).map_err(|_| Problem::internal())?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    Ok(response)
}

/// A response of a media type.
pub fn text(media_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let media_type = HeaderValue::from_static(media_type);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}

/// The media type in `Content-Type`: absent, invalid or parsed.
#[must_use]
pub fn media_type(headers: &HeaderMap) -> Option<Result<Mime, &HeaderValue>> {
    let value = headers.get(header::CONTENT_TYPE)?;
    let parsed = value.to_str().ok().and_then(|text| text.parse().ok());
    Some(parsed.ok_or(value))
}
