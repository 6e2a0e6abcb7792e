//! Recent evaluations of a model: `/evaluations` and `/models/{name}/evaluations`.

use std::sync::Arc;

use canopy_web::{Call, HeaderValue, Problem, Response, StatusCode, header, json, text};
use serde::Serialize;

use super::named;
use crate::http::Server;
use crate::monitoring::report::{self, Head, Report, Summary};

/// Policy of a report's page: opened in a browser, it cannot act for the signed-in user.
const POLICY: HeaderValue = HeaderValue::from_static("sandbox allow-scripts");

/// The stored evaluations, newest first.
#[derive(Serialize)]
struct List<'a> {
    evaluations: Vec<Entry<'a>>,
}

/// The key figures of an evaluation.
#[derive(Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    head: &'a Head,
    #[serde(flatten)]
    summary: &'a Summary,
}

/// `GET /evaluations`
pub(crate) async fn list(call: Call<'_, Server>) -> Result<Response, Problem> {
    let reports = named::model(&call)?.history.all();
    let entries = reports.iter().map(|report| Entry {
        head: &report.head,
        summary: &report.summary,
    });
    let evaluations = entries.collect();
    json(StatusCode::OK, &List { evaluations })
}

/// `GET /evaluations/{id}`; `last` selects the newest.
pub(crate) async fn whole(call: Call<'_, Server>) -> Result<Response, Problem> {
    json(StatusCode::OK, &*find(&call)?)
}

/// `GET /evaluations/{id}/report.html`: the report as a self-contained page.
pub(crate) async fn file(call: Call<'_, Server>) -> Result<Response, Problem> {
    let report = find(&call)?;
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

fn find(call: &Call<'_, Server>) -> Result<Arc<Report>, Problem> {
    let model = named::model(call)?;
    let id = call.parameters.get("id").unwrap_or_default();
    model.history.get(id).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            format!("there is no evaluation {id:.20} of {}", model.name),
        )
    })
}
