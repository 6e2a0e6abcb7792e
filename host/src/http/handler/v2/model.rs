//! Model metadata: inputs and outputs.

use std::sync::Arc;

use canopy_rows::tensor::OutputKind;
use canopy_web::{Call, Problem, Response, StatusCode, json};
use serde_json::{Value, json};

use crate::http::Server;
use crate::models::RegisteredModel;

/// The model named in the path; if a version is named, it must be the serving one.
pub(super) fn target(call: &Call<'_, Server>) -> Result<Arc<RegisteredModel>, Problem> {
    let given = call.parameters.get("name").unwrap_or_default();
    let models = &call.service.app.models;
    let model = given.parse().ok().and_then(|name| models.get(&name));
    let missing = |what: String| {
        Problem::new(
            StatusCode::NOT_FOUND,
            format!("{what} is not served; see /v2/repository/index"),
        )
    };
    let model = model.ok_or_else(|| missing(format!("the model {given:.80?}")))?;
    match call.parameters.get("version") {
        Some(version) if version != model.serving().loaded.model().info().version => {
            Err(missing(format!("version {version:.80?} of {}", model.name)))
        }
        _ => Ok(model),
    }
}

/// `GET /v2/models/{name}/ready`
pub(crate) async fn model_ready(call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = target(&call)?;
    json(
        StatusCode::OK,
        &json!({"name": model.name.as_str(), "ready": true}),
    )
}

/// `GET /v2/models/{name}`
pub(crate) async fn metadata(call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = target(&call)?;
    let serving = model.serving();
    let info = serving.loaded.model().info();
    let outputs: Vec<Value> = OutputKind::all(info)
        .into_iter()
        .map(|kind| {
            let width = kind.width.map(|width| width as i64);
            let shape: Vec<i64> = std::iter::once(-1).chain(width).collect();
            json!({"name": kind.name, "datatype": kind.datatype, "shape": shape})
        })
        .collect();
    let names: Vec<&str> = info.features.iter().map(|f| f.name.as_str()).collect();
    let metadata = json!({
        "name": model.name.as_str(),
        "versions": [info.version],
        "platform": "canopy_wasm",
        "inputs": [{
            "name": INPUT,
            "datatype": "FP64",
            "shape": [-1, info.features.len()],
            "parameters": {"features": names},
        }],
        "outputs": outputs,
    });
    json(StatusCode::OK, &metadata)
}

/// Name of the input that holds all features.
const INPUT: &str = "features";
