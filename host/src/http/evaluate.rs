//! `POST /evaluate`: scores and drift of labelled records.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use canopy_drift::ColumnDrift;
use serde::Serialize;
use tracing::{error, info};

use super::Shared;
use super::body::{self, Format};
use super::models::Named;
use super::observe::slow_place;
use super::problem::Problem;
use crate::evaluation::{self, EvaluationError};
use crate::host::Host;
use crate::models::Slot;
use crate::otlp;
use crate::report::{Report, Summary};
use crate::row::Problems;
use crate::row::json::{self, Labelled};
use crate::served::Served;

/// Evaluates labelled records in the slow lane. The gauges change only if all of it succeeds,
/// and all at once.
pub(super) async fn evaluate(
    State(host): Shared,
    Named(slot): Named,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    Format::of(request.headers(), &[Format::Json])?;
    let place = slow_place(&host, &slot)?;
    let limit = host.config.limits.body_limit.as_u64();
    let body = body::read(&host, request, limit).await?;
    let (worker, traced) = (Arc::clone(&host), otlp::current());
    let work = move || otlp::within(traced, || answer(&worker, &slot, &body));
    let answer = host.lane.run(&place, work).await??;
    Ok(([(header::CONTENT_TYPE, Format::JSON)], answer))
}

fn answer(host: &Host, slot: &Arc<Slot>, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let current = slot.serving();
    let labelled = json::labelled(body, current.served.schema(), host.config.limits.max_rows)?;
    let evaluation =
        evaluation::evaluate(slot.name.as_str(), &current.served, &labelled).map_err(|error| {
            match error {
                EvaluationError::Methods(problems) => Problem::from(problems),
                EvaluationError::Infinite => {
                    let mut problems = Problems::default();
                    let target = current.served.schema().target();
                    problems.push(None, target, "is too large somewhere, errors are infinite");
                    Problem::from(problems)
                }
                EvaluationError::Model(error) => {
                    slot.metrics.call_failed(&error);
                    Problem::from(error)
                }
            }
        })?;
    slot.metrics.evaluated(&evaluation);
    let report = Report::keep(slot, &current, &labelled, &evaluation);
    let answer = serde_json::to_vec(&Answer {
        summary: &report.summary,
        columns: &evaluation.drift.columns,
        report: format!("/models/{}/evaluations/{}", slot.name, report.head.id),
    })
    .map_err(|_| Problem::internal())?;
    if labelled.observe {
        observe(host, slot, &current.served, &labelled);
    }
    info!(evaluation = ?report.summary.message);
    Ok(answer)
}

/// Keeps the labelled rows. Where that fails the evaluation is answered all the same: the
/// client's question was about the model, and the metric and the log tell the operator.
fn observe(host: &Host, slot: &Arc<Slot>, served: &Served, labelled: &Labelled) {
    match host.observe(slot, || served.batch(labelled)) {
        None => {}
        Some(Ok(())) => slot.metrics.observed(labelled.targets.len()),
        Some(Err(error)) => {
            slot.metrics.observation_failed();
            let error = anyhow::Error::from(error);
            error!(
                error = format!("{error:#}"),
                "the evaluated rows could not be kept"
            );
        }
    }
}

/// What an evaluation answers.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    columns: &'a [ColumnDrift],
    /// Where the whole report is.
    report: String,
}
