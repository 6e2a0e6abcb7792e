//! `POST /predict`: one record in, one prediction out.

use std::sync::Arc;

use canopy_rows::json;
use canopy_telemetry::context;
use canopy_web::{AT_ONCE, Body, Call, HeaderName, HeaderValue, Problem, Response, header};

use super::answer;
use super::format::Format;
use super::named::{self, no_model};
use crate::app::AppError;
use crate::app::call::Asked;
use crate::app::predict;
use crate::http::Server;
use crate::models::{RegisteredModel, Version};

/// What the version that answered calls itself.
const MODEL_VERSION: HeaderName = HeaderName::from_static("x-model-version");
/// The beginning of its digest.
const MODEL_DIGEST: HeaderName = HeaderName::from_static("x-model-digest");

/// Predicts one record of the default model.
pub(crate) async fn predict(call: Call<'_, Server>) -> Result<Response, Problem> {
    // Held here, it need not be counted that this request holds the model.
    let default = call.service.app.models.default();
    let model = default.as_ref().ok_or_else(no_model)?;
    predict_record(call, model).await
}

/// Predicts one record of the model that the path names.
pub(crate) async fn predict_named(call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = named::model(&call)?;
    predict_record(call, &model).await
}

/// Predicts one record: by a fast model on the thread that read the request, as handing it over
/// would take longer than the call.
async fn predict_record(
    mut call: Call<'_, Server>,
    model: &Arc<RegisteredModel>,
) -> Result<Response, Problem> {
    let app = &call.service.app;
    Format::of(call.headers(), &[Format::Json])?;
    let body = call.read(app.limits.record_limit.as_u64()).await?;
    let rollout = model.rollout();
    let serving = &rollout.serving;
    let row = if body.len() <= AT_ONCE {
        json::record(&body, serving.loaded.schema()).map_err(AppError::from)?
    } else {
        let version = Arc::clone(serving);
        let parse = move || json::record(&body, version.loaded.schema());
        let parsed = context::spawn_blocking(parse).await;
        parsed
            .map_err(|_| Problem::internal())?
            .map_err(AppError::from)?
    };
    let out_of_range = serving.loaded.is_out_of_range(&row);
    let asked = Asked::One(Arc::new(row));
    let predicted = predict::predict(app, model, &rollout, &asked, out_of_range).await;
    let prediction = predicted.map_err(AppError::from)?;
    let info = prediction.version.loaded.model().info();
    let body = answer::record(info, &prediction.values);
    Ok(respond(prediction.version, Format::Json, body))
}

/// The answer of a version, with what it is.
pub(super) fn respond(version: &Version, format: Format, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    // As many as an answer has in all.
    headers.reserve(12);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.media_type()),
    );
    for (name, value) in [
        (MODEL_VERSION, &*version.loaded.model().info().version),
        (MODEL_DIGEST, version.short_digest()),
    ] {
        // What a header cannot say is left out.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}
