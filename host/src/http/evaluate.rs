//! `POST /evaluate`: scores and drift of labelled records.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use canopy_drift::ColumnDrift;
use serde::Serialize;
use tracing::{Span, info};

use super::Shared;
use super::body::{self, Format};
use super::problem::Problem;
use crate::evaluation::{self, Evaluation, EvaluationError, Scores};
use crate::host::Host;
use crate::row::json;

/// Evaluates labelled records in the slow lane. The gauges change only if all of it succeeds,
/// and all at once.
pub(super) async fn evaluate(
    State(host): Shared,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    Format::of(request.headers(), &[Format::Json])?;
    let limit = host.config.limits.body_limit.as_u64();
    let body = body::read(&host, request, limit).await?;
    let (worker, span) = (Arc::clone(&host), Span::current());
    let work = move || span.in_scope(|| answer(&worker, &body));
    let answer = host.lane.run(work).await??;
    Ok(([(header::CONTENT_TYPE, Format::JSON)], answer))
}

fn answer(host: &Host, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let current = host.current_owned();
    let labelled = json::labelled(body, current.served.schema())?;
    let evaluation =
        evaluation::evaluate(&current.served, &labelled).map_err(|error| match error {
            EvaluationError::Methods(problems) => Problem::from(problems),
            EvaluationError::Model(error) => {
                host.metrics.call_failed(&error);
                Problem::from(error)
            }
        })?;
    host.metrics.evaluated(&evaluation);
    let report = Report::new(&evaluation, labelled.period);
    info!(message = report.message);
    serde_json::to_vec(&report).map_err(|_| Problem::internal())
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
    evaluation_period_name: Option<String>,
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
    fn new(evaluation: &'a Evaluation, period: Option<String>) -> Self {
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
                period.as_deref().unwrap_or("an unnamed period"),
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
