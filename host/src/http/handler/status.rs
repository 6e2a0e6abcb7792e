//! Greeting, health, readiness and metrics.

use canopy_api::FieldProblem;
use canopy_web::{Call, Problem, Response, Service as _, StatusCode, json, text};
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

use crate::http::Server;
use crate::models::Registry;

/// A greeting.
#[derive(Serialize, ToSchema)]
pub(crate) struct Greeting {
    /// The served model and where to read on, for display.
    message: String,
}

/// The health of the host.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// The readiness of the host.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ready<'a> {
    /// Always `ready`.
    status: &'static str,
    /// Name of the default model.
    model: &'a str,
    /// The serving version of the default model.
    version: &'a str,
    /// Models in the folder that are not served; present if the request is `verbose`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    not_served: Option<Unserved>,
    /// Who writes to the folder of models, if that is another host, otherwise null; present if the
    /// request is `verbose`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    follows: Option<Option<String>>,
}

/// Models that are not served.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = UnservedModels)]
enum Unserved {
    /// The models, where there are no users.
    Listed(Vec<NotServed>),
    /// The number of models, where there are users.
    Counted(usize),
}

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
    json(StatusCode::OK, &Greeting { message })
}

/// `GET /health`
pub(crate) async fn health(_: Call<'_, Server>) -> Result<Response, Problem> {
    json(StatusCode::OK, &Health { status: "ok" })
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
    let serving = model.serving();
    let mut ready = Ready {
        status: "ready",
        model: model.name.as_str(),
        version: &serving.loaded.model().info().version,
        not_served: None,
        follows: None,
    };
    if is_verbose {
        let not_served = not_served(models);
        ready.not_served = Some(match parts.auth {
            None => Unserved::Listed(not_served),
            Some(_) => Unserved::Counted(not_served.len()),
        });
        ready.follows = Some(models.followed());
    }
    json(StatusCode::OK, &ready)
}

/// A model in the folder that is not served.
#[derive(Serialize, ToSchema)]
#[schema(as = UnservedModel)]
pub(super) struct NotServed {
    /// Name of the model.
    name: String,
    /// The reason, for display.
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
