//! Greeting, health, readiness and metrics.

use canopy_api::FieldProblem;
use canopy_web::{Call, Problem, Response, Service as _, StatusCode, json, text};
use serde::Serialize;
use tracing::error;

use crate::http::Server;
use crate::models::Registry;

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

/// `GET /ready`; with `?verbose`, it says which models are not served, and why.
pub(crate) async fn ready(call: Call<'_, Server>) -> Result<Response, Problem> {
    // There or not, whatever its value.
    let query: Vec<(String, String)> = call.query()?;
    let is_verbose = query.iter().any(|(name, _)| name == "verbose");
    let parts = call.service.parts();
    if !parts.lifecycle.is_ready() {
        return Err(Problem::overload("the host is stopping"));
    }
    let models = &call.service.app.models;
    let Some(model) = models.default_owned() else {
        let problem = Problem::overload(match models.missing_default() {
            Some(_) => "the default model is not served; GET /ready?verbose says why",
            None => "there is no model yet",
        });
        // Anybody may ask, but only users may know names.
        let is_public = is_verbose && parts.auth.is_none();
        let fields = not_served(models).into_iter().map(|it| it.into_field());
        return Err(match is_public {
            true => problem.with_errors(fields.collect()),
            false => problem,
        });
    };
    let mut ready = serde_json::json!({
        "status": "ready",
        "model": model.name.as_str(),
        "version": model.serving().loaded.model().info().version,
    });
    if is_verbose {
        let not_served = not_served(models);
        ready["not_served"] = match parts.auth {
            None => serde_json::json!(not_served),
            Some(_) => not_served.len().into(),
        };
        ready["follows"] = models.followed().into();
    }
    json(StatusCode::OK, &ready)
}

/// A model in the folder that is not served.
#[derive(Serialize)]
pub(super) struct NotServed {
    name: String,
    reason: String,
}

impl NotServed {
    fn into_field(self) -> FieldProblem {
        FieldProblem {
            field: self.name,
            problem: self.reason,
            row: None,
        }
    }
}

/// The models in the folder that are not served.
pub(super) fn not_served(models: &Registry) -> Vec<NotServed> {
    let unloaded = models.unloaded().into_iter();
    let unloaded = unloaded.map(|name| (name, "it was unloaded".to_owned()));
    let all = models.unserved().into_iter().chain(unloaded);
    all.map(|(name, reason)| NotServed {
        name: name.to_string(),
        reason,
    })
    .collect()
}

/// `GET /metrics`
pub(crate) async fn metrics(call: Call<'_, Server>) -> Result<Response, Problem> {
    let app = &call.service.app;
    app.metrics.unserved(app.models.unserved().len());
    let models = app.models.all();
    app.metrics.memory(&app.memory);
    let metrics = app.metrics.text(models.iter().map(|model| model.gather()));
    let metrics = metrics.map_err(|error| {
        error!(%error, "the metrics cannot be encoded");
        Problem::internal()
    })?;
    Ok(text("text/plain; version=0.0.4; charset=utf-8", metrics))
}
