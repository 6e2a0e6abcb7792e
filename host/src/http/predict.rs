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
    host.metrics.predicted(&current.served, 1);
    watch(&host, &current, &row, &values);
    Ok((
        [(header::CONTENT_TYPE, Format::JSON)],
        answer::record(current.served.model().info(), &values),
    ))
}

/// Calls the model with rows that a client wants predicted.
pub(super) fn call(host: &Host, current: &Current, rows: &[f64]) -> Result<Vec<f64>, CallError> {
    let start = Instant::now();
    let values = current
        .served
        .model()
        .predict(rows)
        .inspect_err(|error| host.metrics.call_failed(error))?;
    host.metrics.called(start.elapsed());
    Ok(values)
}

/// Takes a predicted row into the sliding window.
fn watch(host: &Host, current: &Current, row: &[f64], values: &[f64]) {
    let prediction = match current.served.model().info().task {
        Task::Regression => values[0],
        Task::Classification => likeliest(values) as f64,
    };
    let unusual = current.served.is_unusual(row);
    let ratio = current.window.push(row, prediction, unusual);
    host.metrics.watched(unusual, ratio);
}
