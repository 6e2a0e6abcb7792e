//! The model repository extension: which models there are, serving one or no longer.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{Refusal, Shared};
use crate::host::Host;
use crate::http::problem::Problem;
use crate::models::{InvalidName, ModelName};

pub(super) fn routes() -> Router<Arc<Host>> {
    Router::new()
        .route("/v2/repository/index", post(index))
        .route("/v2/repository/models/{name}/load", post(load))
        .route("/v2/repository/models/{name}/unload", post(unload))
}

/// `POST /v2/repository/index`
async fn index(State(host): Shared) -> Json<Vec<Value>> {
    let served = host.models.all();
    let served = served.iter().map(|slot| {
        let version = slot.serving().served.model().info().version.clone();
        json!({"name": slot.name.as_str(), "version": version, "state": "READY", "reason": ""})
    });
    let unloaded = host.models.unloaded();
    let unloaded = unloaded.iter().map(|name| {
        json!({"name": name.as_str(), "version": "", "state": "UNAVAILABLE", "reason": "unloaded"})
    });
    Json(served.chain(unloaded).collect())
}

/// `POST /v2/repository/models/{name}/load`: serves a model that was unloaded; one that is served
/// already looks at its file.
async fn load(State(host): Shared, Path(name): Path<String>) -> Result<Json<Value>, Refusal> {
    let name = named(&name)?;
    let worker = Arc::clone(&host);
    let loaded = host.loader.run_own(move || worker.models.load(&name));
    loaded.await??;
    Ok(Json(json!({})))
}

/// `POST /v2/repository/models/{name}/unload`: the model is not served until it is loaded again
/// or the host starts anew. Nothing of it is removed.
async fn unload(State(host): Shared, Path(name): Path<String>) -> Result<Json<Value>, Refusal> {
    let name = named(&name)?;
    host.models.unload(&name)?;
    Ok(Json(json!({})))
}

fn named(name: &str) -> Result<ModelName, Refusal> {
    let name = name.parse();
    Ok(name.map_err(|error: InvalidName| Problem::new(StatusCode::NOT_FOUND, error.to_string()))?)
}
