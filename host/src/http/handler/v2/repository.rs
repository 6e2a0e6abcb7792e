//! The model repository extension: lists, loads and unloads models.

use canopy_web::{Call, Problem, Response, StatusCode, json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::change;
use crate::http::Server;
use crate::models::{InvalidName, ModelName};

/// A model of the repository.
#[derive(Serialize, ToSchema)]
pub(crate) struct IndexEntry {
    /// Name of the model.
    name: String,
    /// The serving version; empty if the model is unloaded.
    version: String,
    state: State,
    /// Why the model is unavailable; empty if it is ready.
    reason: &'static str,
}

/// Whether a model of the repository is served.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = ModelState)]
enum State {
    Ready,
    Unavailable,
}

/// An empty object: the request was carried out.
#[derive(Serialize, ToSchema)]
#[schema(max_properties = 0)]
pub(crate) struct Done {}

/// `POST /v2/repository/index`
pub(crate) async fn index(call: Call<'_, Server>) -> Result<Response, Problem> {
    let models = &call.service.app.models;
    let registered = models.all().into_iter().map(|model| IndexEntry {
        name: model.name.to_string(),
        version: model.serving().loaded.model().info().version.clone(),
        state: State::Ready,
        reason: "",
    });
    let unloaded = models.unloaded().into_iter().map(|name| IndexEntry {
        name: name.to_string(),
        version: String::new(),
        state: State::Unavailable,
        reason: "unloaded",
    });
    json(
        StatusCode::OK,
        &registered.chain(unloaded).collect::<Vec<_>>(),
    )
}

/// `POST /v2/repository/models/{name}/load`: loads a model that was unloaded; for a loaded model,
/// checks whether its file has changed.
pub(crate) async fn load(call: Call<'_, Server>) -> Result<Response, Problem> {
    change::load(&call.service.app, name(&call)?).await?;
    json(StatusCode::OK, &Done {})
}

/// `POST /v2/repository/models/{name}/unload`: unloads a model until it is loaded again or the
/// host restarts. No file is removed.
pub(crate) async fn unload(call: Call<'_, Server>) -> Result<Response, Problem> {
    change::unload(&call.service.app, &name(&call)?)?;
    json(StatusCode::OK, &Done {})
}

fn name(call: &Call<'_, Server>) -> Result<ModelName, Problem> {
    let name = call.parameters.get("name").unwrap_or_default().parse();
    name.map_err(|error: InvalidName| Problem::new(StatusCode::NOT_FOUND, error.to_string()))
}
