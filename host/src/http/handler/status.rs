//! Greeting, health, readiness and metrics.

use canopy_web::{Call, Problem, Response, Service as _, StatusCode, json, text};
use tracing::error;

use crate::http::Server;

/// `GET /` for clients that do not accept HTML.
pub(super) fn greeting(server: &Server) -> Result<Response, Problem> {
    let message = match server.app.models.default_owned() {
        Some(model) => {
            let serving = model.serving();
            let info = serving.loaded.model().info();
            let docs = server.parts().config.link("/docs/");
            format!("Canopy serves {} {}; see {docs}", info.name, info.version)
        }
        None => "Canopy serves no model yet; PUT /models/{name} brings one".to_owned(),
    };
    json(StatusCode::OK, &serde_json::json!({"message": message}))
}

/// `GET /health`
pub(crate) async fn health(_: Call<'_, Server>) -> Result<Response, Problem> {
    json(StatusCode::OK, &serde_json::json!({"status": "ok"}))
}

/// `GET /ready`
pub(crate) async fn ready(call: Call<'_, Server>) -> Result<Response, Problem> {
    if !call.service.parts().lifecycle.is_ready() {
        return Err(Problem::overload("the host is stopping"));
    }
    let Some(model) = call.service.app.models.default_owned() else {
        return Err(Problem::overload("there is no model yet"));
    };
    let ready = serde_json::json!({
        "status": "ready",
        "model": model.name.as_str(),
        "version": model.serving().loaded.model().info().version,
    });
    json(StatusCode::OK, &ready)
}

/// `GET /metrics`
pub(crate) async fn metrics(call: Call<'_, Server>) -> Result<Response, Problem> {
    let app = &call.service.app;
    let models = app.models.all();
    app.metrics.memory(&app.memory);
    let metrics = app.metrics.text(models.iter().map(|model| model.gather()));
    let metrics = metrics.map_err(|error| {
        error!(%error, "the metrics cannot be encoded");
        Problem::internal()
    })?;
    Ok(text("text/plain; version=0.0.4; charset=utf-8", metrics))
}
