//! The last evaluations of a model; the same under `/models/{name}`.
//!
//! | Route                               | Answer                                          |
//! |-------------------------------------|-------------------------------------------------|
//! | `GET /evaluations`                  | the last ones, the newest first                 |
//! | `GET /evaluations/{id}`             | the report of one; `last` is the newest         |
//! | `GET /evaluations/{id}/report.html` | the same as a file that is complete in itself   |

use std::sync::Arc;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::body::Format;
use super::models::Named;
use super::problem::Problem;
use crate::host::Host;
use crate::models::Slot;
use crate::report::{self, Head, Report, Summary};

pub(super) fn routes() -> Router<Arc<Host>> {
    Router::new()
        .route("/evaluations", get(list))
        .route("/evaluations/{id}", get(whole))
        .route("/evaluations/{id}/report.html", get(file))
        .route("/models/{name}/evaluations", get(list))
        .route("/models/{name}/evaluations/{id}", get(whole))
        .route("/models/{name}/evaluations/{id}/report.html", get(file))
}

/// An evaluation in figures.
#[derive(Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    head: &'a Head,
    #[serde(flatten)]
    summary: &'a Summary,
}

async fn list(Named(slot): Named) -> Json<Value> {
    let reports = slot.history.all();
    let entries = reports.iter().map(|report| Entry {
        head: &report.head,
        summary: &report.summary,
    });
    Json(json!({"evaluations": entries.collect::<Vec<_>>()}))
}

#[derive(Deserialize)]
struct Wanted {
    id: String,
}

async fn whole(Named(slot): Named, Path(wanted): Path<Wanted>) -> Result<Response, Problem> {
    let report = serde_json::to_vec(&*find(&slot, &wanted)?).map_err(|_| Problem::internal())?;
    Ok(([(header::CONTENT_TYPE, Format::JSON)], report).into_response())
}

async fn file(Named(slot): Named, Path(wanted): Path<Wanted>) -> Result<Response, Problem> {
    let report = find(&slot, &wanted)?;
    let name = format!("{}-{}.html", report.head.model, report.head.id);
    let page = report::page(&report).map_err(|_| Problem::internal())?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        // Were it opened here, it could not act for who is signed in.
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox allow-scripts".to_owned(),
        ),
    ];
    Ok((headers, page).into_response())
}

fn find(slot: &Slot, Wanted { id }: &Wanted) -> Result<Arc<Report>, Problem> {
    slot.history.get(id).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            format!("there is no evaluation {id:.20} of {}", slot.name),
        )
    })
}
