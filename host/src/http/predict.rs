//! `POST /predict`: one record in, one prediction out.

use std::error::Error;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use hyper::body;

use super::body::{AT_ONCE, Format, read_body};
use super::models::Named;
use super::observe::{admit, request_id_of};
use super::problem::Problem;
use super::{Shared, answer};
use crate::call::{self, Answer, Rows};
use crate::host::Host;
use crate::log::about;
use crate::models::{Slot, Version};
use crate::row::json;
use crate::runtime::{Task, likeliest};

/// What the version that answered calls itself.
const MODEL_VERSION: HeaderName = HeaderName::from_static("x-model-version");
/// The beginning of its digest.
const MODEL_DIGEST: HeaderName = HeaderName::from_static("x-model-digest");

/// Predicts one record of the model that the path names.
pub(super) async fn predict(
    State(host): Shared,
    Named(slot): Named,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    predict_record(&host, &slot, &head.headers, body).await
}

/// Predicts one record: by a fast model on the thread that read the request, as handing it over
/// would take longer than the call.
pub(super) async fn predict_record<B>(
    host: &Arc<Host>,
    slot: &Arc<Slot>,
    headers: &HeaderMap,
    body: B,
) -> Result<Response, Problem>
where
    B: body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let _place = admit(host, slot)?;
    Format::of(headers, &[Format::Json])?;
    let id = request_id_of(headers);
    let limit = host.config.limits.record_limit.as_u64();
    let body = read_body(host, body, limit).await?;
    let route = slot.route();
    let row = if body.len() <= AT_ONCE {
        json::record(&body, route.serving.served.schema())?
    } else {
        let version = Arc::clone(&route.serving);
        let parse = move || json::record(&body, version.served.schema());
        about::spawn_blocking(parse)
            .await
            .map_err(|_| Problem::internal())??
    };
    let row = Arc::new(row);
    let rows = Rows::One(Arc::clone(&row));
    let answer = call::predict(host, slot, &route, &rows, id.as_deref()).await?;
    let unusual = watch(slot, &route.serving, &row, &answer);
    answer.version.predictions.inc();
    slot.metrics.predicted(1, unusual);
    let body = answer::record(answer.version.served.model().info(), &answer.values);
    Ok(respond(answer.version, Format::Json, body))
}

/// The answer of a version, with what it is.
pub(super) fn respond(version: &Version, format: Format, body: Vec<u8>) -> Response {
    let digest = version.digest().get(..12).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    // As many as an answer has in all.
    headers.reserve(12);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.media_type()),
    );
    for (name, value) in [
        (MODEL_VERSION, &*version.served.model().info().version),
        (MODEL_DIGEST, digest),
    ] {
        // What a header cannot say is left out.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}

/// Answers whether one of a row's values is unusual, and takes the row into the sliding window of
/// the serving version, if that answered.
pub(super) fn watch(
    slot: &Slot,
    serving: &Arc<Version>,
    row: &[f64],
    Answer { values, version }: &Answer<'_>,
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
