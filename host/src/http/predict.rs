//! `POST /predict`: one record in, one prediction out.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;

use super::body::{self, Format};
use super::models::Named;
use super::observe::{admit, request_id_of};
use super::problem::Problem;
use super::{Shared, answer};
use crate::call::{self, Answer, Rows};
use crate::models::{Slot, Version};
use crate::row::json;
use crate::runtime::{Task, likeliest};

/// What the version that answered calls itself.
const MODEL_VERSION: HeaderName = HeaderName::from_static("x-model-version");
/// The beginning of its digest.
const MODEL_DIGEST: HeaderName = HeaderName::from_static("x-model-digest");

/// Predicts one record: by a fast model on the thread that read the request, as handing it over
/// would take longer than the call.
pub(super) async fn predict(
    State(host): Shared,
    Named(slot): Named,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let _place = admit(&host, &slot)?;
    Format::of(request.headers(), &[Format::Json])?;
    let id = request_id_of(&request);
    let limit = host.config.limits.record_limit.as_u64();
    let body = body::read(&host, request, limit).await?;
    let route = slot.route_owned();
    let row = Arc::new(json::record(&body, route.serving.served.schema())?);
    let rows = Rows::One(Arc::clone(&row));
    let answer = call::predict(&host, &slot, &route, &rows, id.as_deref()).await?;
    let unusual = watch(&slot, &route.serving, &row, &answer);
    answer.version.predictions.inc();
    slot.metrics.predicted(1, unusual);
    let body = answer::record(answer.version.served.model().info(), &answer.values);
    Ok(respond(&answer, Format::Json, body))
}

/// The answer of a version, with what it is.
pub(super) fn respond(answer: &Answer, format: Format, body: Vec<u8>) -> impl IntoResponse + use<> {
    let version = &answer.version;
    let digest = version.digest().get(..12).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (MODEL_VERSION, version.served.model().info().version.clone()),
        (MODEL_DIGEST, digest.to_owned()),
    ];
    (headers, body)
}

/// Answers whether one of a row's values is unusual, and takes the row into the sliding window of
/// the serving version, if that answered.
pub(super) fn watch(
    slot: &Slot,
    serving: &Arc<Version>,
    row: &[f64],
    Answer { values, version }: &Answer,
) -> bool {
    let unusual = serving.served.is_unusual(row);
    if Arc::ptr_eq(serving, version) {
        let prediction = match serving.served.model().info().task {
            Task::Regression => values[0],
            Task::Classification => likeliest(values) as f64,
        };
        let ratio = serving.window.push(row, prediction, unusual);
        slot.metrics.watched(ratio);
    }
    unusual
}
