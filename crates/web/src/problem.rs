//! Errors as `application/problem+json`, with their headers.

use std::fmt::{self, Display};

use axum_core::response::{IntoResponse, Response};
use canopy_api as api;
use canopy_api::FieldProblem;
use canopy_pool::PoolError;
use http::{HeaderName, HeaderValue, StatusCode, header};

/// Seconds after which a client that was refused may try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// An error on its way to a client.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    errors: Vec<FieldProblem>,
    /// Boxed, because results with this error are returned by every function of the pipeline.
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Problem {
    /// A problem without fields. A 503 tells the client to try again after a second.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let retry = status == StatusCode::SERVICE_UNAVAILABLE;
        Self {
            status,
            detail: detail.into(),
            errors: Vec::new(),
            header: retry.then(|| Box::new((header::RETRY_AFTER, RETRY_AFTER))),
        }
    }

    /// The server has more to do than it can.
    pub fn overload(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// The request can be read, but not used.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// The server failed; the log says how.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the host failed unexpectedly; its log has details under this request's x-request-id",
        )
    }

    /// The problem with what is wrong with single fields.
    #[must_use]
    pub fn with_errors(self, errors: Vec<FieldProblem>) -> Self {
        Self { errors, ..self }
    }

    /// The problem with a header of its own.
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

    /// An answer with this problem's status and header, and a body of another form.
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

impl From<PoolError> for Problem {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Full => Self::overload("too many batches and evaluations are waiting"),
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
