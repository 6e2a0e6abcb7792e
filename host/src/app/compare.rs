//! Comparing a candidate with the serving version after the answer, only as far as the host keeps
//! up.

use std::sync::Arc;
use std::time::Duration;

use canopy_runtime::CallError;
use tracing::debug;

use super::App;
use super::call::{Asked, processor_time};
use crate::metrics::CandidateCall;
use crate::models::{Candidate, Mode, RegisteredModel, Version};

/// Rows of a batch that are compared.
const COMPARED_ROWS: usize = 1000;
/// Longest time that a call may take that only compares.
const COMPARISON: Duration = Duration::from_millis(200);

/// Has the `other` version predict the same rows, or the first of them, and compares; not at all
/// if the pool for that has enough to do.
pub(super) fn compare(
    app: &Arc<App>,
    model: &Arc<RegisteredModel>,
    candidate: &Arc<Candidate>,
    other: &Arc<Version>,
    asked: &Asked,
    answer: &[f64],
) {
    let is_shadow = candidate.plan.mode == Mode::Shadow;
    let Ok(permit) = app.comparisons.permit() else {
        if is_shadow {
            model.metrics.candidate_called(CandidateCall::Skipped);
        }
        return;
    };
    let (is_one, rows) = (asked.is_one(), asked.rows().head(COMPARED_ROWS));
    let answered = rows.len() * other.loaded.model().outputs();
    let answer = answer[..answered].to_vec();
    let worker = Arc::clone(app);
    let (model, candidate, other) = (Arc::clone(model), Arc::clone(candidate), Arc::clone(other));
    app.comparisons.spawn(move || {
        let _until_the_end = permit;
        let start = processor_time();
        let result = other.loaded.model().predict_within(&rows, COMPARISON);
        let duration = processor_time().saturating_sub(start);
        match result {
            Ok(values) => {
                if is_shadow {
                    model
                        .metrics
                        .candidate_called(CandidateCall::Answered(duration));
                }
                if is_shadow && is_one {
                    candidate.took(duration);
                }
                let agrees = candidate.agrees(&answer, &values);
                model.metrics.candidate_compared(agrees);
                candidate.compared(agrees);
                judge(&worker, &model, &candidate);
            }
            Err(error) if is_shadow => has_failed(&worker, &model, &candidate, &error),
            Err(_) => {}
        }
    });
}

/// Notes that the candidate gave no answer where the serving version did; not if it only had no
/// room, which is the host's fault.
pub(super) fn has_failed(
    app: &Arc<App>,
    model: &Arc<RegisteredModel>,
    candidate: &Arc<Candidate>,
    error: &CallError,
) {
    if matches!(error, CallError::Overload(_) | CallError::Busy) {
        model.metrics.candidate_called(CandidateCall::Skipped);
        return;
    }
    debug!(model = %model.name, %error, "the candidate gave no answer");
    model
        .metrics
        .candidate_called(CandidateCall::Failed(error.reason()));
    candidate.failed();
    judge(app, model, candidate);
}

/// Ends the trial if there is a verdict.
fn judge(app: &Arc<App>, model: &Arc<RegisteredModel>, candidate: &Arc<Candidate>) {
    if let Some(verdict) = candidate.verdict() {
        let (worker, model, candidate) =
            (Arc::clone(app), Arc::clone(model), Arc::clone(candidate));
        // Waits for the disk, and for changes that are under way.
        app.comparisons
            .spawn(move || worker.models.decide(&model, &candidate, &verdict));
    }
}
