//! Errors as `application/problem+json`, with their headers.

use std::fmt::{self, Display};

use axum_core::response::{IntoResponse, Response};
use canopy_api as api;
use canopy_api::FieldProblem;
use canopy_pool::PoolError;
use canopy_resources::Exhausted;
use http::{HeaderName, HeaderValue, StatusCode, header};

/// Seconds to wait before retrying after a 503.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// An error response.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    errors: Vec<FieldProblem>,
    /// Boxed to keep the results of all pipeline functions small.
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Problem {
    /// A problem without field errors. A 503 gets a `Retry-After` header of one second.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let retry = status == StatusCode::SERVICE_UNAVAILABLE;
        Self {
            status,
            detail: detail.into(),
            errors: Vec::new(),
            header: retry.then(|| Box::new((header::RETRY_AFTER, RETRY_AFTER))),
        }
    }

    /// 503: the server is overloaded.
    pub fn overload(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// 422: the request is well-formed but not valid.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// 500: an internal error; details are in the log.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the host failed unexpectedly; its log has details under this request's x-request-id",
        )
    }

    /// Adds errors of single fields.
    #[must_use]
    pub fn with_errors(self, errors: Vec<FieldProblem>) -> Self {
        Self { errors, ..self }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self {
            header: Some(Box::new((name, value))),
            ..self
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// A response with this problem's status and header, and a body of another media type.
    #[must_use]
    pub fn respond_with(self, media_type: &'static str, body: Vec<u8>) -> Response {
        let mut response = Response::new(body.into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.extend(self.header.map(|header| *header));
        response
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<Exhausted> for Problem {
    fn from(error: Exhausted) -> Self {
        match error {
            Exhausted::Now { .. } => Self::overload(error.to_string()),
            Exhausted::Always { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
        }
    }
}

impl From<PoolError> for Problem {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Full => {
                Self::overload("too much background work is waiting; try again later")
            }
            PoolError::Panicked => Self::internal(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let problem = api::Problem {
            kind: "about:blank".into(),
            title: self.status.canonical_reason().unwrap_or("Error").into(),
            status: self.status.as_u16(),
            detail: std::mem::take(&mut self.detail),
            errors: std::mem::take(&mut self.errors),
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        self.respond_with("application/problem+json", body)
    }
}
