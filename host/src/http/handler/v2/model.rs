//! Model metadata: inputs and outputs.

use std::sync::Arc;

use canopy_rows::tensor::OutputKind;
use canopy_web::{Call, Problem, Response, StatusCode, json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::Server;
use crate::models::RegisteredModel;

/// A model with its inputs and outputs.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelMetadata<'a> {
    /// Name of the model.
    name: &'a str,
    /// The serving version, as the only element.
    versions: [&'a str; 1],
    /// Platform of the model, `canopy_wasm`.
    platform: &'static str,
    /// The input that takes all features; one input per feature, by name, is accepted too.
    inputs: [TensorMetadata<'a>; 1],
    /// The outputs.
    outputs: Vec<TensorMetadata<'a>>,
}

/// An input or output of a model.
#[derive(Serialize, ToSchema)]
struct TensorMetadata<'a> {
    /// Name of the tensor.
    name: &'a str,
    /// Datatype of the values.
    datatype: &'static str,
    /// Size of every dimension; -1 is the number of rows.
    shape: Vec<i64>,
    /// Further information about an input.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameters: Option<TensorFeatures<'a>>,
}

/// The features that a tensor holds.
#[derive(Serialize, ToSchema)]
struct TensorFeatures<'a> {
    /// Names of the features, in the order of the columns.
    features: Vec<&'a str>,
}

/// The readiness of a model.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelReadiness<'a> {
    /// Name of the model.
    name: &'a str,
    /// Always true; the answer for a model that is not served is 404.
    ready: bool,
}

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
    let readiness = ModelReadiness {
        name: model.name.as_str(),
        ready: true,
    };
    json(StatusCode::OK, &readiness)
}

/// `GET /v2/models/{name}`
pub(crate) async fn metadata(call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = target(&call)?;
    let serving = model.serving();
    let info = serving.loaded.model().info();
    let outputs = OutputKind::all(info).into_iter();
    let metadata = ModelMetadata {
        name: model.name.as_str(),
        versions: [&info.version],
        platform: "canopy_wasm",
        inputs: [TensorMetadata {
            name: INPUT,
            datatype: "FP64",
            shape: vec![-1, info.features.len() as i64],
            parameters: Some(TensorFeatures {
                features: info.features.iter().map(|f| f.name.as_str()).collect(),
            }),
        }],
        outputs: outputs
            .map(|kind| {
                let width = kind.width.map(|width| width as i64);
                TensorMetadata {
                    name: kind.name,
                    datatype: kind.datatype,
                    shape: std::iter::once(-1).chain(width).collect(),
                    parameters: None,
                }
            })
            .collect(),
    };
    json(StatusCode::OK, &metadata)
}

/// Name of the input that holds all features.
const INPUT: &str = "features";
