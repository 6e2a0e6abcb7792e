//! Predicts rows with a registered model.
//!
//! Without a trial, the serving version answers every request. A canary answers its share of the
//! requests, with the serving version as fallback if it fails. Canaries and shadows are compared with
//! the serving version after the response.

use std::sync::Arc;

use canopy_runtime::{CallError, Task, argmax};
use canopy_telemetry::context;

use super::App;
use super::call::{CallInput, call};
use super::compare::{compare, has_failed};
use crate::metrics::CandidateCall;
use crate::models::{Mode, RegisteredModel, Rollout, Version};

/// The predictions of a model.
pub(crate) struct Prediction<'r> {
    /// One value per row for a regression, one per class for a classification.
    pub(crate) values: Vec<f64>,
    /// The version that answered.
    pub(crate) version: &'r Arc<Version>,
}

/// Predicts rows for a client and updates metrics and window. `out_of_range` says whether any value
/// in the rows is out of range.
///
/// # Errors
///
/// If the serving version fails.
pub(crate) async fn predict<'r>(
    app: &Arc<App>,
    model: &Arc<RegisteredModel>,
    rollout: &'r Rollout,
    input: &CallInput,
    out_of_range: bool,
) -> Result<Prediction<'r>, CallError> {
    let prediction = answer(app, model, rollout, input).await?;
    // The live window holds only single rows that the serving version predicted.
    if let CallInput::One(row) = input
        && Arc::ptr_eq(&rollout.serving, prediction.version)
    {
        watch(
            model,
            &rollout.serving,
            row.values(),
            &prediction.values,
            out_of_range,
        );
    }
    prediction.version.predictions.inc();
    model.metrics.predicted(input.rows().len(), out_of_range);
    Ok(prediction)
}

async fn answer<'r>(
    app: &Arc<App>,
    model: &Arc<RegisteredModel>,
    rollout: &'r Rollout,
    input: &CallInput,
) -> Result<Prediction<'r>, CallError> {
    let candidate = rollout.candidate.as_ref();
    let canary = candidate.filter(|candidate| {
        let request = context::current();
        candidate.takes(request.as_ref().map(|request| request.id.as_str()))
    });
    let mut failure = None;
    if let Some(canary) = canary {
        match call(app, model, &canary.version, input).await {
            Ok((values, duration)) => {
                model
                    .metrics
                    .candidate_called(CandidateCall::Answered(duration));
                if input.is_one() {
                    canary.took(duration);
                }
                compare(app, model, canary, &rollout.serving, input, &values);
                let version = &canary.version;
                return Ok(Prediction { values, version });
            }
            Err(error) => failure = Some((canary, error)),
        }
    }
    let (values, duration) = call(app, model, &rollout.serving, input)
        .await
        .inspect_err(|error| model.metrics.call_failed(error))?;
    model.metrics.called(duration);
    if let Some(candidate) = candidate {
        if input.is_one() {
            candidate.serving_took(duration);
        }
        match (failure, candidate.plan.mode) {
            (Some((canary, error)), _) => has_failed(app, model, canary, &error),
            (None, Mode::Shadow) => {
                compare(app, model, candidate, &candidate.version, input, &values);
            }
            (None, Mode::Canary) => {}
        }
    }
    let version = &rollout.serving;
    Ok(Prediction { values, version })
}

/// Adds a row to the live window of the version that predicted it.
fn watch(
    model: &RegisteredModel,
    version: &Version,
    row: &[f64],
    values: &[f64],
    out_of_range: bool,
) {
    let prediction = match version.loaded.model().info().task {
        Task::Regression => values[0],
        Task::Classification => argmax(values) as f64,
    };
    let ratio = version.window.push(row, prediction, out_of_range);
    model.metrics.watched(ratio);
}
