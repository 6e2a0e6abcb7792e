//! Errors of use cases.

use std::time::Duration;

use canopy_pool::PoolError;
use canopy_resources::Exhausted;
use canopy_rows::{InvalidBody, Problems};
use canopy_runtime::CallError;

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    /// The request body is not valid.
    #[error(transparent)]
    Body(#[from] InvalidBody),
    /// The call of the model failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// An evaluation took too long.
    #[error(
        "the evaluation took longer than {0:?}: send fewer rows, or choose faster drift methods"
    )]
    Late(Duration),
    /// There is no memory for the request.
    #[error(transparent)]
    Memory(#[from] Exhausted),
    /// The background pool did not do the work.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// An internal error.
    #[error("the host failed unexpectedly")]
    Internal,
}

impl From<Problems> for AppError {
    fn from(problems: Problems) -> Self {
        Self::Body(InvalidBody::Fields(problems))
    }
}
