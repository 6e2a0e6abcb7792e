//! Comparisons of a candidate with the serving version. They run after the response was sent, and
//! only while the host has capacity to spare.

use std::sync::Arc;
use std::time::Duration;

use canopy_pool::Owner;
use canopy_runtime::CallError;
use canopy_telemetry::context;
use tracing::debug;

use super::App;
use super::call::{CallInput, processor_time};
use crate::metrics::CandidateCall;
use crate::models::{Candidate, Client, Mode, RegisteredModel, Version};

/// Maximum number of rows of a batch that are compared.
const COMPARED_ROWS: usize = 1000;
/// Deadline of a call that is made only for a comparison.
const COMPARISON: Duration = Duration::from_millis(200);

/// Calls the `other` version with the same rows, at most the first [`COMPARED_ROWS`], and compares
/// the predictions. Skips the comparison if the queue of comparisons is full.
pub(super) fn compare(
    app: &Arc<App>,
    model: &Arc<RegisteredModel>,
    candidate: &Arc<Candidate>,
    other: &Arc<Version>,
    input: &CallInput,
    answer: &[f64],
) {
    let is_shadow = candidate.plan.mode == Mode::Shadow;
    let Ok(permit) = app.comparisons.permit(Owner::SYSTEM) else {
        if is_shadow {
            model.metrics.candidate_called(CandidateCall::Skipped);
        }
        return;
    };
    let (is_one, rows) = (input.is_one(), input.rows().head(COMPARED_ROWS));
    let answered = rows.len() * other.loaded.model().outputs();
    let answer = answer[..answered].to_vec();
    let worker = Arc::clone(app);
    let (model, candidate, other) = (Arc::clone(model), Arc::clone(candidate), Arc::clone(other));
    app.comparisons.spawn(Owner::SYSTEM, move || {
        let _held = permit;
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
                candidate.compared(agrees, &rows, client().as_ref());
                judge(&worker, &model, &candidate);
            }
            Err(error) if is_shadow => has_failed(&worker, &model, &candidate, &error),
            Err(_) => {}
        }
    });
}

/// Who sent the current request.
fn client() -> Option<Client> {
    let request = context::current()?;
    let user = request.user().map(|user| Client::User(user.to_owned()));
    user.or_else(|| request.address().map(Client::at))
}

/// Records that the candidate failed where the serving version succeeded. An overload does not count
/// as a failure, because it is not the candidate's fault.
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
    debug!(model = %model.name, %error, "the candidate failed");
    model
        .metrics
        .candidate_called(CandidateCall::Failed(error.reason()));
    candidate.failed();
    judge(app, model, candidate);
}

/// Ends the trial if a verdict has been reached.
fn judge(app: &Arc<App>, model: &Arc<RegisteredModel>, candidate: &Arc<Candidate>) {
    if let Some(verdict) = candidate.verdict() {
        let (worker, model, candidate) =
            (Arc::clone(app), Arc::clone(model), Arc::clone(candidate));
        // In the pool, because this waits for the disk and for other changes in progress.
        app.comparisons.spawn(Owner::SYSTEM, move || {
            worker.models.decide(&model, &candidate, &verdict)
        });
    }
}
