//! `POST /predict/batch`: many records in, as many predictions out, in the same form.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use tracing::Span;

use super::body::{self, Format};
use super::observe::slow_place;
use super::problem::Problem;
use super::{Shared, answer, predict};
use crate::host::Host;
use crate::row::{arrow, csv, json};

/// Predicts a batch in the slow lane: all of its records, or none if one cannot be used.
pub(super) async fn predict_batch(
    State(host): Shared,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let formats = [Format::Json, Format::Csv, Format::Arrow];
    let format = Format::of(request.headers(), &formats)?;
    let place = slow_place(&host)?;
    let limit = host.config.limits.body_limit.as_u64();
    let body = body::read(&host, request, limit).await?;
    let (worker, span) = (Arc::clone(&host), Span::current());
    let work = move || span.in_scope(|| answer(&worker, format, &body));
    let answer = host.lane.run(place, work).await??;
    Ok(([(header::CONTENT_TYPE, format.media_type())], answer))
}

fn answer(host: &Host, format: Format, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let current = host.current_owned();
    let schema = current.served.schema();
    let rows = match format {
        Format::Json => json::records(body, schema),
        Format::Csv => csv::records(body, schema),
        Format::Arrow => arrow::records(body, schema),
    }?;
    let values = predict::call(host, &current, &rows)?;
    let mut each = rows.chunks(schema.width());
    let count = each.len();
    let unusual = each.any(|row| current.served.is_unusual(row));
    host.metrics.predicted(&current.served, count, unusual);
    let info = current.served.model().info();
    match format {
        Format::Json => Ok(answer::json(info, &values)),
        Format::Csv => answer::csv(info, &values).map_err(|_| Problem::internal()),
        Format::Arrow => answer::arrow(info, &values).map_err(|_| Problem::internal()),
    }
}
