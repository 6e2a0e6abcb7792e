//! The Open Inference Protocol, version 2 over REST: what clients of KServe, Triton and MLServer
//! speak.
//!
//! | Route                                            | Answer                                |
//! |--------------------------------------------------|---------------------------------------|
//! | `GET /v2`                                        | the server and its extensions         |
//! | `GET /v2/health/live`, `/v2/health/ready`        | 200 or 503                            |
//! | `GET /v2/models/{name}[/versions/{v}]`           | inputs and outputs of the model       |
//! | `GET /v2/models/{name}[/versions/{v}]/ready`     | 200 if it is served                   |
//! | `POST /v2/models/{name}[/versions/{v}]/infer`    | predictions, see [`infer`]            |
//! | `POST /v2/repository/index`                      | all models                            |
//! | `POST /v2/repository/models/{name}/load`, `/unload` | serves a model again, or no longer |
//!
//! Tensors come and go as JSON or with the binary data extension. Errors are `{"error": …}`.

mod infer;
mod repository;
mod tensor;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::problem::Problem;
use crate::host::Host;
use crate::models::Slot;
use crate::runtime::{ModelInfo, Task};

pub(super) fn routes() -> Router<Arc<Host>> {
    let model = |prefix: &str| {
        Router::new()
            .route(prefix, get(metadata))
            .route(&format!("{prefix}/ready"), get(model_ready))
            .route(&format!("{prefix}/infer"), post(infer::infer))
    };
    Router::new()
        .route("/v2", get(server))
        .route("/v2/health/live", get(live))
        .route("/v2/health/ready", get(ready))
        .merge(model("/v2/models/{name}"))
        .merge(model("/v2/models/{name}/versions/{version}"))
        .merge(repository::routes())
}

/// A problem in the form of the protocol.
pub(super) struct Refusal(Problem);

impl Refusal {
    /// The client's mistake.
    fn new(message: impl Into<String>) -> Self {
        Self(Problem::new(StatusCode::BAD_REQUEST, message))
    }
}

impl<P: Into<Problem>> From<P> for Refusal {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = self.0.to_string();
        in_form(&error, self.0.into_response())
    }
}

/// Puts the problems of this protocol's paths into its form, those too that arise before a handler
/// is found.
pub(super) async fn in_its_form(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_ours = path == "/v2" || path.starts_with("/v2/");
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) if is_ours => in_form(&problem.to_string(), response),
        _ => response,
    }
}

/// An answer with the protocol's body; status and headers such as Retry-After stay.
fn in_form(error: &str, response: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    (parts, Json(json!({"error": error}))).into_response()
}

/// The model that a path names, in the version it names.
#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    version: Option<String>,
}

impl Target {
    fn find(&self, host: &Host) -> Result<Arc<Slot>, Refusal> {
        let name = self.name.parse();
        let slot = name.ok().and_then(|name| host.models.get(&name));
        let missing = |what: String| {
            Refusal(Problem::new(
                StatusCode::NOT_FOUND,
                format!("{what} is not served; see /v2/repository/index"),
            ))
        };
        let slot = slot.ok_or_else(|| missing(format!("the model {:.80?}", self.name)))?;
        match &self.version {
            Some(version) if *version != slot.serving().served.model().info().version => {
                Err(missing(format!("version {version:.80?} of {}", slot.name)))
            }
            _ => Ok(slot),
        }
    }
}

/// `GET /v2`
async fn server() -> Json<Value> {
    Json(json!({
        "name": "canopy",
        "version": env!("CARGO_PKG_VERSION"),
        "extensions": ["binary_tensor_data", "model_repository"],
    }))
}

/// `GET /v2/health/live`
async fn live() -> Json<Value> {
    Json(json!({"live": true}))
}

/// `GET /v2/health/ready`
async fn ready(State(host): Shared) -> Response {
    let status = if host.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(json!({"ready": host.is_ready()}))).into_response()
}

/// `GET /v2/models/{name}/ready`
async fn model_ready(
    State(host): Shared,
    Path(target): Path<Target>,
) -> Result<Json<Value>, Refusal> {
    let slot = target.find(&host)?;
    Ok(Json(json!({"name": slot.name.as_str(), "ready": true})))
}

/// `GET /v2/models/{name}`
async fn metadata(State(host): Shared, Path(target): Path<Target>) -> Result<Json<Value>, Refusal> {
    let slot = target.find(&host)?;
    let serving = slot.serving();
    let info = serving.served.model().info();
    let outputs: Vec<Value> = outputs(info)
        .into_iter()
        .map(|(name, datatype, width)| {
            let shape: Vec<i64> = std::iter::once(-1).chain(width.map(|w| w as i64)).collect();
            json!({"name": name, "datatype": datatype, "shape": shape})
        })
        .collect();
    let names: Vec<&str> = info.features.iter().map(|f| f.name.as_str()).collect();
    Ok(Json(json!({
        "name": slot.name.as_str(),
        "versions": [info.version],
        "platform": "canopy_wasm",
        "inputs": [{
            "name": INPUT,
            "datatype": "FP64",
            "shape": [-1, info.features.len()],
            "parameters": {"features": names},
        }],
        "outputs": outputs,
    })))
}

/// Name of the input that holds all features.
const INPUT: &str = "features";
/// Name of the output with the probability of every class.
const PROBABILITIES: &str = "probabilities";

/// Name, datatype and width of every output.
fn outputs(info: &ModelInfo) -> Vec<(&str, &'static str, Option<usize>)> {
    let field = info.response_field.as_str();
    match info.task {
        Task::Regression => vec![(field, "FP64", None)],
        Task::Classification => vec![
            (field, "BYTES", None),
            (PROBABILITIES, "FP64", Some(info.classes.len())),
        ],
    }
}
