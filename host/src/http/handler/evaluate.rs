//! `POST /evaluate`: scores and drift of labelled records.

use std::sync::Arc;

use canopy_auth::Role;
use canopy_drift::ColumnDrift;
use canopy_web::{Call, Problem, Response, Service as _, StatusCode, json};
use serde::Serialize;
use utoipa::ToSchema;

use super::format::Format;
use super::named;
use crate::app::evaluate;
use crate::http::Server;
use crate::monitoring::report::Summary;

/// The response to an evaluation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvaluationResult<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    /// Drift of every column.
    columns: Vec<&'a ColumnDrift>,
    /// Path of the full report.
    report: String,
    /// Whether the gauges of quality and drift are those of this evaluation.
    counted: bool,
    /// Whether the rows are kept for retraining.
    observed: bool,
}

/// Evaluates labelled records in the background pool.
pub(crate) async fn evaluate(mut call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = named::model(&call)?;
    Format::of(call.headers(), &[Format::Json])?;
    let app = Arc::clone(&call.service.app);
    let body = call.read(app.limits.body_limit.as_u64()).await?;
    let permit = call.permit.of_pool().ok_or_else(Problem::internal)?;
    let worker = Arc::clone(&app);
    let may_observe = call.roles.include(Role::Observe);
    let work = move || evaluate::evaluate(&worker, &model, body, may_observe);
    let evaluated = app.pools.evaluations.run(permit, work).await??;
    let report = &evaluated.report;
    let path = format!(
        "/models/{}/evaluations/{}",
        report.head.model, report.head.id
    );
    let result = EvaluationResult {
        summary: &report.summary,
        columns: report.columns.iter().map(|column| &column.drift).collect(),
        report: call.service.parts().config.link(&path),
        counted: evaluated.counted,
        observed: evaluated.observed,
    };
    json(StatusCode::OK, &result)
}
