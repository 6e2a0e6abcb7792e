//! Converts errors of use cases to problems.

use std::io::{self, ErrorKind};

use canopy_api::FieldProblem;
use canopy_resources::Exhausted;
use canopy_rows::{InvalidBody, Problems};
use canopy_runtime::{CallError, LoadError};
use canopy_web::{Problem, StatusCode};
use tracing::error;

use crate::app::AppError;
use crate::app::change::describe;
use crate::app::observations::ObservationsError;
use crate::models::ChangeError;

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Body(invalid) => invalid_body(invalid),
            AppError::Call(error) => call(error),
            AppError::Late(_) => Self::new(StatusCode::GATEWAY_TIMEOUT, error.to_string()),
            AppError::Memory(error) => error.into(),
            AppError::Pool(error) => error.into(),
            AppError::Internal => Self::internal(),
        }
    }
}

fn invalid_body(invalid: InvalidBody) -> Problem {
    match invalid {
        InvalidBody::Malformed(detail) => Problem::new(StatusCode::BAD_REQUEST, detail),
        InvalidBody::Shape(detail) => Problem::unprocessable(detail),
        InvalidBody::TooMany(_) => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, invalid.to_string()),
        InvalidBody::Fields(problems) => fields(&problems),
    }
}

/// 422 with the invalid fields.
fn fields(problems: &Problems) -> Problem {
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
    Problem::unprocessable(detail).with_errors(problems.listed().to_vec())
}

fn call(error: CallError) -> Problem {
    match error {
        CallError::Refused { row, reason } => {
            let field = FieldProblem {
                field: "record".into(),
                problem: reason.clone(),
                row: Some(row as usize),
            };
            Problem::unprocessable(reason).with_errors(vec![field])
        }
        CallError::Overload(_) | CallError::Busy => Problem::overload(error.to_string()),
        CallError::Exhausted(exhausted) => exhausted.into(),
        CallError::Deadline(_) => Problem::new(StatusCode::GATEWAY_TIMEOUT, error.to_string()),
        CallError::Memory(_)
        | CallError::Host(_)
        | CallError::Trap(_)
        | CallError::Failed(_)
        | CallError::Answer(_) => {
            error!(%error, "the model gave no answer");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let status = match &error {
            ChangeError::Unknown(_) | ChangeError::NoCandidate(_) => StatusCode::NOT_FOUND,
            ChangeError::NotKept | ChangeError::ReadOnly => StatusCode::FORBIDDEN,
            ChangeError::Unfit(LoadError::Memory(Exhausted::Always { .. })) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            ChangeError::Unfit(LoadError::Memory(_) | LoadError::Stopped) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            ChangeError::Unfit(_) | ChangeError::Open(_) => StatusCode::UNPROCESSABLE_ENTITY,
            ChangeError::Disk(error) if is_full(error) => StatusCode::INSUFFICIENT_STORAGE,
            ChangeError::Panicked => return Self::internal(),
            ChangeError::Disk(_) | ChangeError::Metrics(_) => StatusCode::INTERNAL_SERVER_ERROR,
            ChangeError::Features(_)
            | ChangeError::Incomparable(_)
            | ChangeError::Following(_)
            | ChangeError::NoPrevious(_)
            | ChangeError::Serving(_)
            | ChangeError::Default(_)
            | ChangeError::FromFile(_)
            | ChangeError::TooMany(_)
            | ChangeError::Raced(_) => StatusCode::CONFLICT,
        };
        Self::new(status, describe(&error))
    }
}

impl From<ObservationsError> for Problem {
    fn from(error: ObservationsError) -> Self {
        let status = match &error {
            ObservationsError::NotKept | ObservationsError::Unknown(..) => StatusCode::NOT_FOUND,
            ObservationsError::Disk(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

/// Whether the disk or the user's quota is full.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}
