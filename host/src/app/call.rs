//! Calls of a model version: a fast version is called on the current thread, a slow one on a separate
//! thread, and batches run in the background pool.

use std::sync::Arc;
use std::time::{Duration, Instant};

use canopy_pool::Permit;
use canopy_resources::Held;
use canopy_runtime::{CallError, Rows};
use canopy_telemetry::context;
use rustix::time::{ClockId, clock_gettime};

use super::App;
use crate::models::{CallAdmission, RegisteredModel, Version};

/// The rows to predict, with what determines where the call is made.
pub(crate) enum CallInput {
    /// A single row, predicted immediately.
    One(Arc<Rows>),
    /// A batch, predicted in the background pool.
    Many(Arc<Held<Rows>>, Permit),
}

impl CallInput {
    pub(super) fn is_one(&self) -> bool {
        matches!(self, Self::One(_))
    }

    pub(super) fn rows(&self) -> &Rows {
        match self {
            Self::One(row) => row,
            Self::Many(rows, _) => rows,
        }
    }
}

/// The predicted values and the duration of the call.
pub(super) type Timed = (Vec<f64>, Duration);

/// Calls a version and records the call in the span of the request.
pub(super) async fn call(
    app: &App,
    model: &RegisteredModel,
    version: &Arc<Version>,
    input: &CallInput,
) -> Result<Timed, CallError> {
    let start = Instant::now();
    let result = match input {
        CallInput::One(row) => call_once(app, version, row).await,
        CallInput::Many(rows, permit) => {
            let (version, rows) = (Arc::clone(version), Arc::clone(rows));
            let work = move || timed(|| version.loaded.model().predict(rows.view()));
            let done = app.pools.background.run(permit, work).await;
            done.unwrap_or_else(|_| Err(unexpected()))
        }
    };
    let component = version.loaded.model();
    let timing = match &result {
        Ok((_, duration)) => Ok(*duration),
        Err(error) => Err((start.elapsed(), error.reason())),
    };
    let count = input.rows().len();
    context::record_call(
        model.name.as_str(),
        &component.info().version,
        count,
        timing,
    );
    result
}

/// Calls a version with one row: a fast version on the current thread, a slow one on a separate
/// thread once it is admitted.
async fn call_once(app: &App, version: &Arc<Version>, row: &Arc<Rows>) -> Result<Timed, CallError> {
    let admission = &version.admission;
    if !admission.is_fast() {
        return call_elsewhere(Arc::clone(version), Arc::clone(row), CallAdmission::called).await;
    }
    let deadline = app.limits.model_deadline.into();
    let limit = CallAdmission::IO_DEADLINE.min(deadline);
    let repeat = || {
        call_elsewhere(
            Arc::clone(version),
            Arc::clone(row),
            CallAdmission::repeated,
        )
    };
    match timed(|| version.loaded.model().predict_within(row.view(), limit)) {
        Err(CallError::Deadline(_)) if limit < deadline => {
            admission.outlasted();
            repeat().await
        }
        Ok((values, duration)) => {
            if duration <= CallAdmission::FAST {
                admission.called(duration);
            } else {
                context::spawn(repeat());
            }
            Ok((values, duration))
        }
        failed => failed,
    }
}

/// Waits for a call permit, calls a version with one row on a separate thread and passes the
/// processor time of the call to `record`.
async fn call_elsewhere(
    version: Arc<Version>,
    row: Arc<Rows>,
    record: fn(&CallAdmission, Duration),
) -> Result<Timed, CallError> {
    let permit = version.admission.permit().await?;
    let work = move || {
        let _held = permit;
        let start = processor_time();
        let result = timed(|| version.loaded.model().predict(row.view()));
        record(&version.admission, processor_time().saturating_sub(start));
        result
    };
    let done = context::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(unexpected()))
}

fn timed(call: impl FnOnce() -> Result<Vec<f64>, CallError>) -> Result<Timed, CallError> {
    let start = Instant::now();
    let values = call()?;
    Ok((values, start.elapsed()))
}

/// The processor time that this thread has used.
pub(super) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap_or_default(),
        time.tv_nsec.try_into().unwrap_or_default(),
    )
}

fn unexpected() -> CallError {
    CallError::Failed("the call ended unexpectedly".into())
}
