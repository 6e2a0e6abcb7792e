//! Errors as `application/problem+json` (RFC 9457).

use std::fmt::{self, Display};
use std::io::{self, ErrorKind};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::error;

use crate::lane::LaneError;
use crate::models::ChangeError;
use crate::row::{FieldProblem, InvalidBody, Problems};
use crate::runtime::CallError;

/// Seconds after which a refused client may try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// An error as a client reads it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Problem {
    /// Kind of the problem: none more special than its status.
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    detail: String,
    errors: Vec<FieldProblem>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem without fields.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// The host has more to do than it can.
    pub(crate) fn overload(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// The host made a mistake; what exactly is in its log.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the host failed unexpectedly; its log says more under this request's x-request-id",
        )
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<Problems> for Problem {
    fn from(problems: Problems) -> Self {
        let count = problems.count();
        let detail = match (count, problems.listed().first()) {
            (1, Some(only)) => format!("{} {}", only.field, only.problem),
            (_, Some(first)) => {
                format!(
                    "{count} problems; the first: {} {}",
                    first.field, first.problem
                )
            }
            (_, None) => "the body cannot be used".to_owned(),
        };
        Self {
            errors: problems.listed().to_vec(),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }
}

impl From<InvalidBody> for Problem {
    fn from(invalid: InvalidBody) -> Self {
        match invalid {
            InvalidBody::Malformed(detail) => Self::new(StatusCode::BAD_REQUEST, detail),
            InvalidBody::Shape(detail) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
            InvalidBody::TooMany(_) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, invalid.to_string())
            }
            InvalidBody::Fields(problems) => problems.into(),
        }
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused { row, reason } => Self {
                errors: vec![FieldProblem {
                    field: "record".into(),
                    problem: reason.clone(),
                    row: Some(row as usize),
                }],
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, reason)
            },
            CallError::Overload(_) | CallError::Busy => Self::overload(error.to_string()),
            CallError::Deadline(_) => Self::new(StatusCode::GATEWAY_TIMEOUT, error.to_string()),
            CallError::Memory(_)
            | CallError::Host(_)
            | CallError::Trap(_)
            | CallError::Failed(_)
            | CallError::Answer(_) => {
                error!(%error, "the model gave no answer");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            }
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let status = match &error {
            ChangeError::Unknown(_) | ChangeError::NoCandidate(_) => StatusCode::NOT_FOUND,
            ChangeError::NotKept => StatusCode::FORBIDDEN,
            ChangeError::Unfit(_) | ChangeError::Open(_) => StatusCode::UNPROCESSABLE_ENTITY,
            ChangeError::Disk(error) if is_full(error) => StatusCode::INSUFFICIENT_STORAGE,
            ChangeError::Disk(_) | ChangeError::Metrics(_) => StatusCode::INTERNAL_SERVER_ERROR,
            ChangeError::Features(_)
            | ChangeError::Incomparable(_)
            | ChangeError::NoPrevious(_)
            | ChangeError::Serving(_)
            | ChangeError::Default(_)
            | ChangeError::FromFile(_)
            | ChangeError::TooMany(_)
            | ChangeError::Raced(_) => StatusCode::CONFLICT,
        };
        Self::new(status, format!("{:#}", anyhow::Error::from(error)))
    }
}

/// Whether there is no room, on the disk or within this user's share of it.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

impl From<LaneError> for Problem {
    fn from(error: LaneError) -> Self {
        match error {
            LaneError::Full => Self::overload("too many batches and evaluations are waiting"),
            LaneError::Panicked => Self::internal(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            body,
        )
            .into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        // For those who say it in another form.
        response.extensions_mut().insert(self);
        response
    }
}
