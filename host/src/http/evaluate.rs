//! `POST /evaluate`: scores and drift of labelled records.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use canopy_drift::ColumnDrift;
use serde::Serialize;
use tracing::{Span, error, info};

use super::Shared;
use super::body::{self, Format};
use super::models::Named;
use super::observe::slow_place;
use super::problem::Problem;
use crate::evaluation::{self, Evaluation, EvaluationError, Scores};
use crate::host::Host;
use crate::models::Slot;
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
    let (worker, span) = (Arc::clone(&host), Span::current());
    let work = move || span.in_scope(|| answer(&worker, &slot, &body));
    let answer = host.lane.run(&place, work).await??;
    Ok(([(header::CONTENT_TYPE, Format::JSON)], answer))
}

fn answer(host: &Host, slot: &Arc<Slot>, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let current = slot.serving();
    let labelled = json::labelled(body, current.served.schema(), host.config.limits.max_rows)?;
    let evaluation =
        evaluation::evaluate(&current.served, &labelled).map_err(|error| match error {
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
        })?;
    let report = Report::new(&evaluation, labelled.period.as_deref());
    let answer = serde_json::to_vec(&report).map_err(|_| Problem::internal())?;
    slot.metrics.evaluated(&evaluation);
    if labelled.observe {
        observe(host, slot, &current.served, &labelled);
    }
    info!(evaluation = ?report.message);
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

/// What an evaluation answers; every field is there, null where it is undefined.
#[derive(Debug, Serialize)]
struct Report<'a> {
    message: String,
    #[serde(flatten)]
    scores: ReportedScores,
    drift_detected: u8,
    drift_share: f64,
    drift_share_threshold: f64,
    drifted_columns: usize,
    evaluated_items: usize,
    evaluation_period_name: Option<&'a str>,
    columns: &'a [ColumnDrift],
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ReportedScores {
    Regression {
        rmse: f64,
        mape: Option<f64>,
        mae: f64,
        r2score: Option<f64>,
        mean_error: f64,
        max_error: f64,
    },
    Classification {
        accuracy: f64,
        precision: f64,
        recall: f64,
        f1: f64,
        roc_auc: Option<f64>,
    },
}

impl<'a> Report<'a> {
    fn new(evaluation: &'a Evaluation, period: Option<&'a str>) -> Self {
        let drift = &evaluation.drift;
        let items = evaluation.items;
        let scores = match &evaluation.scores {
            Scores::Regression(scores) => ReportedScores::Regression {
                rmse: scores.rmse,
                mape: scores.mape,
                mae: scores.mae,
                r2score: scores.r2,
                mean_error: scores.mean_error,
                max_error: scores.max_error,
            },
            Scores::Classification(scores) => ReportedScores::Classification {
                accuracy: scores.accuracy,
                precision: scores.precision,
                recall: scores.recall,
                f1: scores.f1,
                roc_auc: scores.roc_auc,
            },
        };
        let quality = match &scores {
            ReportedScores::Regression { rmse, .. } => format!("RMSE {rmse:.2}"),
            ReportedScores::Classification { f1, .. } => format!("F1 {f1:.3}"),
        };
        Self {
            message: format!(
                "evaluated {items} {} of {}: {quality}, {} of {} columns drifted",
                if items == 1 { "record" } else { "records" },
                period.unwrap_or("an unnamed period"),
                drift.drifted_columns,
                drift.columns.len()
            ),
            scores,
            drift_detected: drift.drifted.into(),
            drift_share: drift.share,
            drift_share_threshold: drift.share_threshold,
            drifted_columns: drift.drifted_columns,
            evaluated_items: items,
            evaluation_period_name: period,
            columns: &drift.columns,
        }
    }
}
