//! What the host says of itself: greeting, health, readiness, metrics, the model.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tracing::error;

use super::Shared;
use super::problem::Problem;

/// `GET /`
pub(super) async fn greeting(State(host): Shared) -> Json<Value> {
    let message = match host.models.default_owned() {
        Some(slot) => {
            let serving = slot.serving();
            let info = serving.served.model().info();
            format!("Canopy serves {} {}; see /docs/", info.name, info.version)
        }
        None => "Canopy serves no model yet; PUT /models/{name} brings one".to_owned(),
    };
    Json(json!({"message": message}))
}

/// `GET /health`
pub(super) async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// `GET /ready`
pub(super) async fn ready(State(host): Shared) -> Response {
    if !host.is_ready() {
        return Problem::overload("the host is stopping").into_response();
    }
    let Some(slot) = host.models.default_owned() else {
        return Problem::overload("there is no model yet").into_response();
    };
    Json(json!({
        "status": "ready",
        "model": slot.name.as_str(),
        "version": slot.serving().served.model().info().version,
    }))
    .into_response()
}

/// `GET /metrics`
pub(super) async fn metrics(State(host): Shared) -> Response {
    let models = host.models.all();
    match host.metrics.text(models.iter().map(|slot| slot.gather())) {
        Ok(text) => (
            [(
                header::CONTENT_TYPE,
                "text/plain; version=0.0.4; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(error) => {
            error!(%error, "the metrics cannot be encoded");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
