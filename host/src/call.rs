//! A request's way to a version of a model.
//!
//! Without a trial that is the serving version. A canary answers its share of the requests, and
//! the serving version those that the canary fails. Both a canary and a shadow are compared with
//! the serving version afterwards, in a lane of their own, and only as far as that keeps up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tracing::debug;

use crate::host::Host;
use crate::lane::Place;
use crate::log::about;
use crate::metrics::CandidateCall;
use crate::models::{Candidate, Mode, Pace, Route, Slot, Version};
use crate::otlp;
use crate::runtime::CallError;

/// What a model answered.
pub(crate) struct Answer<'r> {
    /// One value per row for a regression, one per class for a classification.
    pub(crate) values: Vec<f64>,
    /// The version that answered.
    pub(crate) version: &'r Arc<Version>,
}

/// Rows to be predicted, and where.
pub(crate) enum Rows {
    /// One row, at once.
    One(Arc<Vec<f64>>),
    /// Many rows, in the slow lane.
    Many(Arc<Vec<f64>>, Place),
}

/// The values of a call and the time it took.
type Timed = (Vec<f64>, Duration);

/// Most rows of a batch that are compared.
const COMPARED_ROWS: usize = 1000;
/// Longest time that a call may take that only compares.
const COMPARISON: Duration = Duration::from_millis(200);

/// Predicts rows for a client; `request_id` is the one it sent.
///
/// # Errors
///
/// If the serving version gives no answer.
pub(crate) async fn predict<'r>(
    host: &Arc<Host>,
    slot: &Arc<Slot>,
    route: &'r Route,
    rows: &Rows,
    request_id: Option<&[u8]>,
) -> Result<Answer<'r>, CallError> {
    let candidate = route.candidate.as_ref();
    let canary = candidate.filter(|candidate| candidate.takes(request_id));
    let mut failure = None;
    if let Some(canary) = canary {
        match call(host, slot, &canary.version, rows).await {
            Ok((values, duration)) => {
                slot.metrics
                    .candidate_called(CandidateCall::Answered(duration));
                if rows.is_one() {
                    canary.took(duration);
                }
                compare(host, slot, canary, &route.serving, rows, &values);
                let version = &canary.version;
                return Ok(Answer { values, version });
            }
            Err(error) => failure = Some((canary, error)),
        }
    }
    let (values, duration) = call(host, slot, &route.serving, rows)
        .await
        .inspect_err(|error| slot.metrics.call_failed(error))?;
    slot.metrics.called(duration);
    if let Some(candidate) = candidate {
        if rows.is_one() {
            candidate.serving_took(duration);
        }
        match (failure, candidate.plan.mode) {
            (Some((canary, error)), _) => has_failed(host, slot, canary, &error),
            (None, Mode::Shadow) => {
                compare(host, slot, candidate, &candidate.version, rows, &values);
            }
            (None, Mode::Canary) => {}
        }
    }
    let version = &route.serving;
    Ok(Answer { values, version })
}

impl Rows {
    fn is_one(&self) -> bool {
        matches!(self, Self::One(_))
    }

    fn values(&self) -> &[f64] {
        match self {
            Self::One(values) | Self::Many(values, _) => values,
        }
    }
}

async fn call(
    host: &Host,
    slot: &Slot,
    version: &Arc<Version>,
    rows: &Rows,
) -> Result<Timed, CallError> {
    let start = Instant::now();
    let result = match rows {
        Rows::One(row) => call_once(host, version, row).await,
        Rows::Many(rows, place) => {
            let (version, rows) = (Arc::clone(version), Arc::clone(rows));
            let work = move || timed(|| version.served.model().predict(&rows));
            let done = host.lane.run(place, work).await;
            done.unwrap_or_else(|_| Err(unexpected()))
        }
    };
    let model = version.served.model();
    let took = match &result {
        Ok((_, duration)) => Ok(*duration),
        Err(error) => Err((start.elapsed(), error.reason())),
    };
    let count = rows.values().len() / model.width();
    otlp::call(slot.name.as_str(), &model.info().version, count, took);
    result
}

/// Calls a version with one row: a fast one here and now, a slow one on a thread of its own when
/// it is its turn.
async fn call_once(
    host: &Host,
    version: &Arc<Version>,
    row: &Arc<Vec<f64>>,
) -> Result<Timed, CallError> {
    let pace = &version.pace;
    if !pace.is_fast() {
        return call_elsewhere(Arc::clone(version), Arc::clone(row), Pace::called).await;
    }
    let deadline = host.config.limits.model_deadline.into();
    let patience = Pace::PATIENCE.min(deadline);
    let again = || call_elsewhere(Arc::clone(version), Arc::clone(row), Pace::repeated);
    match timed(|| version.served.model().predict_within(row, patience)) {
        Err(CallError::Deadline(_)) if patience < deadline => {
            pace.outlasted();
            again().await
        }
        Ok((values, duration)) => {
            if duration <= Pace::FAST {
                pace.called(duration);
            } else {
                tokio::spawn(again());
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
    row: Arc<Vec<f64>>,
    note: fn(&Pace, Duration),
) -> Result<Timed, CallError> {
    let turn = version.pace.turn().await?;
    let work = move || {
        let _until_the_end = turn;
        let start = processor_time();
        let result = timed(|| version.served.model().predict(&row));
        note(&version.pace, processor_time().saturating_sub(start));
        result
    };
    let done = about::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(unexpected()))
}

fn timed(call: impl FnOnce() -> Result<Vec<f64>, CallError>) -> Result<Timed, CallError> {
    let start = Instant::now();
    let values = call()?;
    Ok((values, start.elapsed()))
}

/// The time that this thread has had a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap_or_default(),
        time.tv_nsec.try_into().unwrap_or_default(),
    )
}

fn unexpected() -> CallError {
    CallError::Failed("the call ended unexpectedly".into())
}

/// Has the `other` version predict the same rows, or the first of them, and compares; not at all
/// if the lane for that has enough to do.
fn compare(
    host: &Arc<Host>,
    slot: &Arc<Slot>,
    candidate: &Arc<Candidate>,
    other: &Arc<Version>,
    rows: &Rows,
    answer: &[f64],
) {
    let is_shadow = candidate.plan.mode == Mode::Shadow;
    let Ok(place) = host.opinions.place() else {
        if is_shadow {
            slot.metrics.candidate_called(CandidateCall::Skipped);
        }
        return;
    };
    let model = other.served.model();
    let most = |width: usize, values: &[f64]| -> Vec<f64> {
        values[..values.len().min(COMPARED_ROWS * width)].to_vec()
    };
    let (is_one, rows) = (rows.is_one(), most(model.width(), rows.values()));
    let answer = most(model.outputs(), answer);
    let worker = Arc::clone(host);
    let (slot, candidate, other) = (Arc::clone(slot), Arc::clone(candidate), Arc::clone(other));
    host.opinions.spawn(move || {
        let _until_the_end = place;
        let start = processor_time();
        let result = other.served.model().predict_within(&rows, COMPARISON);
        let duration = processor_time().saturating_sub(start);
        match result {
            Ok(values) => {
                if is_shadow {
                    slot.metrics
                        .candidate_called(CandidateCall::Answered(duration));
                }
                if is_shadow && is_one {
                    candidate.took(duration);
                }
                let agrees = candidate.agrees(&answer, &values);
                slot.metrics.candidate_compared(agrees);
                candidate.compared(agrees);
                judge(&worker, &slot, &candidate);
            }
            Err(error) if is_shadow => has_failed(&worker, &slot, &candidate, &error),
            Err(_) => {}
        }
    });
}

/// Notes that the candidate gave no answer where the serving version did; not if it only had no
/// room, which is the host's fault.
fn has_failed(host: &Arc<Host>, slot: &Arc<Slot>, candidate: &Arc<Candidate>, error: &CallError) {
    if matches!(error, CallError::Overload(_) | CallError::Busy) {
        slot.metrics.candidate_called(CandidateCall::Skipped);
        return;
    }
    debug!(model = %slot.name, %error, "the candidate gave no answer");
    slot.metrics
        .candidate_called(CandidateCall::Failed(error.reason()));
    candidate.failed();
    judge(host, slot, candidate);
}

/// Ends the trial if there is a verdict.
fn judge(host: &Arc<Host>, slot: &Arc<Slot>, candidate: &Arc<Candidate>) {
    if let Some(verdict) = candidate.verdict() {
        let (worker, slot, candidate) = (Arc::clone(host), Arc::clone(slot), Arc::clone(candidate));
        // Waits for the disk, and for changes that are under way.
        host.opinions
            .spawn(move || worker.models.decide(&slot, &candidate, &verdict));
    }
}
