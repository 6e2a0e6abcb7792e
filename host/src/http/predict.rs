//! `POST /predict`: one record in, one prediction out.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use tracing::Span;

use super::Shared;
use super::answer;
use super::body::{self, Format};
use super::observe::slow_place;
use super::problem::Problem;
use crate::host::{Current, Host};
use crate::row::json;
use crate::runtime::{CallError, Task, likeliest};

/// Predicts one record on the thread that read the request: a prediction takes less time than
/// handing it to another one. A model whose last call was slow is called in the slow lane, so
/// that at most a few of its calls hold up other requests.
pub(super) async fn predict(
    State(host): Shared,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    Format::of(request.headers(), &[Format::Json])?;
    let limit = host.config.limits.record_limit.as_u64();
    let body = body::read(&host, request, limit).await?;
    let current = host.current_owned();
    let row = json::record(&body, current.served.schema())?;
    let values = if current.is_slow.load(Ordering::Relaxed) {
        let place = slow_place(&host)?;
        let (worker, model, row) = (Arc::clone(&host), Arc::clone(&current), row.clone());
        let span = Span::current();
        let work = move || span.in_scope(|| call_once(&worker, &model, &row));
        host.lane.run(place, work).await??
    } else {
        call_once(&host, &current, &row)?
    };
    let unusual = watch(&host, &current, &row, &values);
    host.metrics.predicted(&current.served, 1, unusual);
    Ok((
        [(header::CONTENT_TYPE, Format::JSON)],
        answer::record(current.served.model().info(), &values),
    ))
}

/// A call for one row that takes longer than this is slow.
const SLOW: Duration = Duration::from_millis(20);

/// Calls the model with one row, and remembers whether that was slow.
fn call_once(host: &Host, current: &Current, row: &[f64]) -> Result<Vec<f64>, CallError> {
    let start = Instant::now();
    let values = call(host, current, row);
    let slow = start.elapsed() > SLOW;
    if slow != current.is_slow.load(Ordering::Relaxed) {
        current.is_slow.store(slow, Ordering::Relaxed);
    }
    values
}

/// Calls the model with rows that a client wants predicted.
pub(super) fn call(host: &Host, current: &Current, rows: &[f64]) -> Result<Vec<f64>, CallError> {
    let start = Instant::now();
    let values = current.served.model().predict(rows);
    let duration = start.elapsed();
    match &values {
        Ok(_) => host.metrics.called(duration),
        Err(error) => host.metrics.call_failed(error),
    }
    values
}

/// Takes a predicted row into the sliding window; answers whether one of its values is unusual.
fn watch(host: &Host, current: &Current, row: &[f64], values: &[f64]) -> bool {
    let prediction = match current.served.model().info().task {
        Task::Regression => values[0],
        Task::Classification => likeliest(values) as f64,
    };
    let unusual = current.served.is_unusual(row);
    let ratio = current.window.push(row, prediction, unusual);
    host.metrics.watched(ratio);
    unusual
}
