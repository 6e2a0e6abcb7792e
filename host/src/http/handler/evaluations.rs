//! Evaluations of a model: `/evaluations` and `/models/{name}/evaluations`.

use std::sync::Arc;

use canopy_telemetry::context;
use canopy_web::{Call, HeaderValue, Problem, Response, StatusCode, header, json, text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::named;
use crate::http::Server;
use crate::monitoring::report::{self, Entry, Report};

/// Policy of a report's page: opened in a browser, it cannot act for the signed-in user.
const POLICY: HeaderValue = HeaderValue::from_static("sandbox allow-scripts");

/// Number of evaluations in an answer, unless asked for another number.
const PAGE: usize = 50;
/// Maximum number of evaluations in an answer.
const LARGEST_PAGE: usize = 200;

/// Which evaluations to list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvaluationsQuery {
    /// Only those before the evaluation with this id.
    #[schema(nullable = false)]
    before: Option<u64>,
    /// At most so many.
    #[schema(nullable = false, minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Evaluations of a model.
#[derive(Serialize, ToSchema)]
pub(crate) struct EvaluationList {
    /// The evaluations, newest first.
    evaluations: Vec<Entry>,
}

/// `GET /evaluations`
pub(crate) async fn list(call: Call<'_, Server>) -> Result<Response, Problem> {
    let EvaluationsQuery { before, limit } = call.query()?;
    let limit = limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        let problem = format!("limit must be from 1 to {LARGEST_PAGE}");
        return Err(Problem::unprocessable(problem));
    }
    let model = named::model(&call)?;
    let evaluations = reading(move || model.history.page(before, limit)).await?;
    json(StatusCode::OK, &EvaluationList { evaluations })
}

/// `GET /evaluations/{id}`; `last` selects the newest.
pub(crate) async fn whole(call: Call<'_, Server>) -> Result<Response, Problem> {
    json(StatusCode::OK, &*find(&call).await?)
}

/// `GET /evaluations/{id}/report.html`: the report as a self-contained page.
pub(crate) async fn file(call: Call<'_, Server>) -> Result<Response, Problem> {
    let report = find(&call).await?;
    let name = format!("{}-{}.html", report.head.model, report.head.id);
    let page = report::page(&report).map_err(|_| Problem::internal())?;
    let mut response = text("text/html; charset=utf-8", page);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

async fn find(call: &Call<'_, Server>) -> Result<Arc<Report>, Problem> {
    let model = named::model(call)?;
    let id = call.parameters.get("id").unwrap_or_default().to_owned();
    let missing = format!("there is no evaluation {id:.20} of {}", model.name);
    let found = reading(move || model.history.get(&id)).await?;
    found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, missing))
}

/// Reads the disk on a separate thread.
async fn reading<T: Send + 'static>(
    read: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let done = context::spawn_blocking(read).await;
    done.map_err(|_| Problem::internal())
}
