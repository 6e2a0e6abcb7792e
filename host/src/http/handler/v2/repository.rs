//! The model repository extension: lists, loads and unloads models.

use canopy_web::{Call, Problem, Response, StatusCode, json};
use serde_json::{Value, json};

use crate::app::change;
use crate::http::Server;
use crate::models::{InvalidName, ModelName};

/// `POST /v2/repository/index`
pub(crate) async fn index(call: Call<'_, Server>) -> Result<Response, Problem> {
    let models = &call.service.app.models;
    let registered = models.all();
    let registered = registered.iter().map(|model| {
        let version = model.serving().loaded.model().info().version.clone();
        json!({"name": model.name.as_str(), "version": version, "state": "READY", "reason": ""})
    });
    let unloaded = models.unloaded();
    let unloaded = unloaded.iter().map(|name| {
        json!({"name": name.as_str(), "version": "", "state": "UNAVAILABLE", "reason": "unloaded"})
    });
    json(
        StatusCode::OK,
        &registered.chain(unloaded).collect::<Vec<Value>>(),
    )
}

/// `POST /v2/repository/models/{name}/load`: loads a model that was unloaded; for a loaded model,
/// checks whether its file has changed.
pub(crate) async fn load(call: Call<'_, Server>) -> Result<Response, Problem> {
    change::load(&call.service.app, name(&call)?).await?;
    json(StatusCode::OK, &json!({}))
}

/// `POST /v2/repository/models/{name}/unload`: unloads a model until it is loaded again or the
/// host restarts. No file is removed.
pub(crate) async fn unload(call: Call<'_, Server>) -> Result<Response, Problem> {
    change::unload(&call.service.app, &name(&call)?)?;
    json(StatusCode::OK, &json!({}))
}

fn name(call: &Call<'_, Server>) -> Result<ModelName, Problem> {
    let name = call.parameters.get("name").unwrap_or_default().parse();
    name.map_err(|error: InvalidName| Problem::new(StatusCode::NOT_FOUND, error.to_string()))
}
