//! Errors of use cases.

use canopy_pool::PoolError;
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
