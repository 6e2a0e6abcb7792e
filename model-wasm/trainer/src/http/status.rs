//! `GET /health` and `GET /metrics`.

use canopy_web::{Call, Problem, Response, StatusCode, json, text};
use serde_json::json;
use tracing::error;

use super::Server;

pub(super) async fn health(_: Call<'_, Server>) -> Result<Response, Problem> {
    json(StatusCode::OK, &json!({"status": "ok"}))
}

pub(super) async fn metrics(call: Call<'_, Server>) -> Result<Response, Problem> {
    let metrics = call.service.retrainer.metrics().map_err(|error| {
        error!(%error, "cannot encode the metrics");
        Problem::internal()
    })?;
    Ok(text("text/plain; version=0.0.4; charset=utf-8", metrics))
}
