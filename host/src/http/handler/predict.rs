//! `POST /predict`: predicts one record.

use std::sync::Arc;

use canopy_rows::json;
use canopy_telemetry::context;
use canopy_web::{AT_ONCE, Body, Call, HeaderName, HeaderValue, Problem, Response, header};

use super::answer;
use super::format::Format;
use super::named::{self, no_model};
use crate::app::AppError;
use crate::app::call::CallInput;
use crate::app::predict;
use crate::http::Server;
use crate::models::{RegisteredModel, Version};

/// The version that answered, by its own name.
const MODEL_VERSION: HeaderName = HeaderName::from_static("x-model-version");
/// The first digits of its digest.
const MODEL_DIGEST: HeaderName = HeaderName::from_static("x-model-digest");

/// Predicts one record of the default model.
pub(crate) async fn predict(call: Call<'_, Server>) -> Result<Response, Problem> {
    // Borrowed, which saves counting a reference to the model.
    let default = call.service.app.models.default();
    let model = default.as_ref().ok_or_else(no_model)?;
    predict_record(call, model).await
}

/// Predicts one record of the model named in the path.
pub(crate) async fn predict_named(call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = named::model(&call)?;
    predict_record(call, &model).await
}

/// Predicts one record. A fast model runs on the thread that read the request, because passing the
/// call to another thread would take longer than the call.
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
    let input = CallInput::One(Arc::new(row));
    let predicted = predict::predict(app, model, &rollout, &input, out_of_range).await;
    let prediction = predicted.map_err(AppError::from)?;
    let info = prediction.version.loaded.model().info();
    let body = answer::record(info, &prediction.values);
    Ok(respond(prediction.version, Format::Json, body))
}

/// A response with headers that identify the version.
pub(super) fn respond(version: &Version, format: Format, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    // Number of headers in the final response.
    headers.reserve(12);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.media_type()),
    );
    for (name, value) in [
        (MODEL_VERSION, &*version.loaded.model().info().version),
        (MODEL_DIGEST, version.short_digest()),
    ] {
        // Omitted if it is no valid header value.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}
