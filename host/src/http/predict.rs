//! `POST /predict`: one record in, one prediction out.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::IntoResponse;

use super::Shared;
use super::answer;
use super::body::{self, Format};
use super::problem::Problem;
use crate::host::{Current, Host};
use crate::row::json;
use crate::runtime::{CallError, Task, likeliest};

/// Predicts one record. Everything happens on the thread that read the request: a prediction
/// takes less time than handing it to another one.
pub(super) async fn predict(
    State(host): Shared,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    Format::of(request.headers(), &[Format::Json])?;
    let limit = host.config.limits.record_limit.as_u64();
    let body = body::read(&host, request, limit).await?;
    let current = host.current();
    let row = json::record(&body, current.served.schema())?;
    let values = call(&host, &current, &row)?;
    Ok((
        [(header::CONTENT_TYPE, Format::JSON)],
        answer::record(current.served.model().info(), &values),
    ))
}

/// Calls the model with rows that a client wants predicted, and keeps the books: metrics and
/// the sliding window.
pub(super) fn call(host: &Host, current: &Current, rows: &[f64]) -> Result<Vec<f64>, CallError> {
    let metrics = &host.metrics;
    let model = current.served.model();
    let start = Instant::now();
    let values = model
        .predict(rows)
        .inspect_err(|error| metrics.call_failed(error))?;
    metrics.called(start.elapsed());

    let (mut any_unusual, mut ratio) = (false, None);
    for (row, values) in rows
        .chunks(model.width())
        .zip(values.chunks(model.outputs()))
    {
        let prediction = match model.info().task {
            Task::Regression => values[0],
            Task::Classification => likeliest(values) as f64,
        };
        let unusual = current.served.is_unusual(row);
        any_unusual |= unusual;
        ratio = Some(current.window.push(row, prediction, unusual));
    }
    let count = rows.len() / model.width();
    metrics.predicted(&model.info().version, count, any_unusual, ratio);
    Ok(values)
}
