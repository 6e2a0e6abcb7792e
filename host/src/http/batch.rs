//! `POST /predict/batch`: many records in, as many predictions out, in the same form.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::IntoResponse;

use super::body::{self, Format};
use super::models::Named;
use super::observe::{request_id_of, slow_place};
use super::problem::Problem;
use super::{Shared, answer, predict};
use crate::call::{self, Rows};
use crate::row::{arrow, csv, json};

/// Predicts a batch in the slow lane: all of its records, or none if one cannot be used.
pub(super) async fn predict_batch(
    State(host): Shared,
    Named(slot): Named,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let formats = [Format::Json, Format::Csv, Format::Arrow];
    let format = Format::of(request.headers(), &formats)?;
    let place = slow_place(&host, &slot)?;
    let id = request_id_of(request.headers());
    let limit = host.config.limits.body_limit.as_u64();
    let most = host.config.limits.max_rows;
    let body = body::read(&host, request, limit).await?;
    let lane = &host.lane;

    let route = slot.route_owned();
    let serving = Arc::clone(&route.serving);
    let parse = move || {
        let schema = serving.served.schema();
        let rows = match format {
            Format::Json => json::records(&body, schema, most),
            Format::Csv => csv::records(&body, schema, most),
            Format::Arrow => arrow::records(&body, schema, most),
        }?;
        let served = &serving.served;
        let mut each = rows.chunks(schema.width());
        let (count, unusual) = (each.len(), each.any(|row| served.is_unusual(row)));
        Ok::<_, Problem>((Arc::new(rows), count, unusual))
    };
    let (rows, count, unusual) = lane.run(&place, parse).await??;
    let rows = Rows::Many(rows, place.clone());
    let answer = call::predict(&host, &slot, &route, &rows, id.as_deref()).await?;
    answer.version.predictions.inc();
    slot.metrics.predicted(count, unusual);

    let (values, version) = (answer.values, Arc::clone(answer.version));
    let write = move || {
        let info = version.served.model().info();
        let body = match format {
            Format::Json => answer::json(info, &values),
            Format::Csv => answer::csv(info, &values).map_err(|_| Problem::internal())?,
            Format::Arrow => answer::arrow(info, &values).map_err(|_| Problem::internal())?,
        };
        Ok::<_, Problem>((version, body))
    };
    let (version, body) = lane.run(&place, write).await??;
    Ok(predict::respond(&version, format, body))
}
