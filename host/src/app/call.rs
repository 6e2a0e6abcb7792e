//! Calling a version: a fast one here and now, a slow one on a thread of its own, many rows in the
//! background pool.

use std::sync::Arc;
use std::time::{Duration, Instant};

use canopy_pool::Permit;
use canopy_runtime::{CallError, Rows};
use canopy_telemetry::context;
use rustix::time::{ClockId, clock_gettime};

use super::App;
use crate::models::{CallAdmission, RegisteredModel, Version};

/// Rows to be predicted, and where.
pub(crate) enum Asked {
    /// One row, at once.
    One(Arc<Rows>),
    /// Many rows, in the background pool.
    Many(Arc<Rows>, Permit),
}

impl Asked {
    pub(super) fn is_one(&self) -> bool {
        matches!(self, Self::One(_))
    }

    pub(super) fn rows(&self) -> &Rows {
        match self {
            Self::One(rows) | Self::Many(rows, _) => rows,
        }
    }
}

/// The values of a call and the time it took.
pub(super) type Timed = (Vec<f64>, Duration);

/// Calls a version with rows, and records the call in the span of the request.
pub(super) async fn call(
    app: &App,
    model: &RegisteredModel,
    version: &Arc<Version>,
    asked: &Asked,
) -> Result<Timed, CallError> {
    let start = Instant::now();
    let result = match asked {
        Asked::One(row) => call_once(app, version, row).await,
        Asked::Many(rows, permit) => {
            let (version, rows) = (Arc::clone(version), Arc::clone(rows));
            let work = move || timed(|| version.loaded.model().predict(rows.view()));
            let done = app.background.run(permit, work).await;
            done.unwrap_or_else(|_| Err(unexpected()))
        }
    };
    let component = version.loaded.model();
    let took = match &result {
        Ok((_, duration)) => Ok(*duration),
        Err(error) => Err((start.elapsed(), error.reason())),
    };
    let count = asked.rows().len();
    context::record_call(model.name.as_str(), &component.info().version, count, took);
    result
}

/// Calls a version with one row: a fast one here and now, a slow one on a thread of its own when
/// it is its turn.
async fn call_once(app: &App, version: &Arc<Version>, row: &Arc<Rows>) -> Result<Timed, CallError> {
    let admission = &version.admission;
    if !admission.is_fast() {
        return call_elsewhere(Arc::clone(version), Arc::clone(row), CallAdmission::called).await;
    }
    let deadline = app.limits.model_deadline.into();
    let patience = CallAdmission::PATIENCE.min(deadline);
    let again = || {
        call_elsewhere(
            Arc::clone(version),
            Arc::clone(row),
            CallAdmission::repeated,
        )
    };
    match timed(|| version.loaded.model().predict_within(row.view(), patience)) {
        Err(CallError::Deadline(_)) if patience < deadline => {
            admission.outlasted();
            again().await
        }
        Ok((values, duration)) => {
            if duration <= CallAdmission::FAST {
                admission.called(duration);
            } else {
                context::spawn(again());
            }
            Ok((values, duration))
        }
        failed => failed,
    }
}

/// Calls a version with one row on a thread of its own when it is its turn, and notes how much
/// processor time that took.
async fn call_elsewhere(
    version: Arc<Version>,
    row: Arc<Rows>,
    note: fn(&CallAdmission, Duration),
) -> Result<Timed, CallError> {
    let permit = version.admission.permit().await?;
    let work = move || {
        let _until_the_end = permit;
        let start = processor_time();
        let result = timed(|| version.loaded.model().predict(row.view()));
        note(&version.admission, processor_time().saturating_sub(start));
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

/// The time that this thread has had a processor.
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
