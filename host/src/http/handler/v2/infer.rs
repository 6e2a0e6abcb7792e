//! Inference: one tensor with all features, or one tensor per feature.

use std::sync::Arc;

use canopy_resources::Held;
use canopy_rows::tensor;
use canopy_web::{
    Body, Call, HeaderMap, HeaderName, HeaderValue, Problem, Response, StatusCode, header,
};

use super::model::target;
use crate::app::AppError;
use crate::app::call::CallInput;
use crate::app::predict::{Prediction, predict};
use crate::http::Server;
use crate::http::handler::answer;
use crate::models::Rollout;

/// Length of the JSON that precedes binary tensors.
const JSON_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");

/// `POST /v2/models/{name}/infer`: one row immediately, more in the background pool.
pub(crate) async fn infer(mut call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = target(&call)?;
    let app = &call.service.app;
    let json_length = json_length(call.headers())?;
    let body = call.read(app.limits.body_limit.as_u64()).await?;
    let mut rollout = model.rollout_owned();
    if call.parameters.get("version").is_some() {
        // Requests for a specific version take no part in a trial.
        rollout = Arc::new(Rollout {
            candidate: None,
            ..Rollout::clone(&rollout)
        });
    }
    let serving = Arc::clone(&rollout.serving);
    let max_rows = app.limits.max_rows;
    let parse = move || {
        let info = serving.loaded.model().info();
        let (body, mut memory) = body.into_parts();
        memory.grow(tensor::memory(&body, json_length))?;
        let schema = (serving.loaded.schema(), info);
        let (request, rows) = tensor::parse(&body, json_length, schema, max_rows)?;
        drop(body);
        memory.resize(rows.bytes() + answer::memory(info, rows.len()))?;
        let out_of_range = serving.loaded.is_out_of_range(&rows);
        Ok::<_, AppError>((request, Held::new(rows, memory), out_of_range))
    };
    let (request, rows, out_of_range) = match call.permit.of_pool() {
        Some(permit) => app.pools.background.run(permit, parse).await??,
        None => parse()?,
    };
    let input = if rows.len() == 1 {
        CallInput::One(Arc::new(rows.into_parts().0))
    } else {
        let permit = match call.permit.of_pool() {
            Some(permit) => permit.clone(),
            // The body held more rows than its size suggested.
            None => call.background_permit()?,
        };
        CallInput::Many(Arc::new(rows), permit)
    };
    let predicted = predict(app, &model, &rollout, &input, out_of_range).await;
    let prediction = predicted.map_err(AppError::from)?;
    let Prediction { values, version } = prediction;
    let version = Arc::clone(version);
    let name = model.name.to_string();
    let write = move || request.respond(&name, version.loaded.model().info(), &values);
    let (json, bytes) = match &input {
        CallInput::One(_) => write(),
        CallInput::Many(_, permit) => app.pools.background.run(permit, write).await?,
    };
    Ok(respond(json, bytes))
}

fn json_length(headers: &HeaderMap) -> Result<Option<usize>, Problem> {
    let Some(value) = headers.get(JSON_LENGTH) else {
        return Ok(None);
    };
    let length = value.to_str().ok().and_then(|text| text.parse().ok());
    length.map(Some).ok_or_else(|| {
        let detail = format!("{JSON_LENGTH} is not a valid length");
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })
}

/// The response, with binary tensors if there are any.
fn respond(mut json: Vec<u8>, mut bytes: Vec<u8>) -> Response {
    let is_binary = !bytes.is_empty();
    let length = HeaderValue::from(json.len());
    json.append(&mut bytes);
    let mut response = Response::new(Body::from(json));
    let headers = response.headers_mut();
    let media_type = if is_binary {
        headers.insert(JSON_LENGTH, length);
        "application/octet-stream"
    } else {
        "application/json"
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
