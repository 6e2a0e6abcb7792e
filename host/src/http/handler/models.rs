//! Models by name, and their versions.

use canopy_rows::Problems;
use canopy_runtime::{Component, Digest};
use canopy_web::{Body, Call, Problem, Response, StatusCode, json, media_type};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::named::{self, name};
use super::status::{self, NotServed};
use crate::app::AppError;
use crate::app::change::{self, Action, Upload};
use crate::http::Server;
use crate::loaded_model::{self, Description};
use crate::models::{Change, Ended, Outcome, Plan, RegisteredModel, Rollout, Stored, Trial};

/// All registered models.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelList {
    /// Name of the default model, which the routes without a name use; null if there is none yet.
    #[schema(required)]
    default: Option<String>,
    /// The models, by name.
    models: Vec<ModelSummary>,
    /// Models in the folder of models that are not served.
    not_served: Vec<NotServed>,
}

/// A registered model in brief.
#[derive(Serialize, ToSchema)]
struct ModelSummary {
    /// Name of the model.
    name: String,
    /// The serving version.
    version: String,
    /// SHA-256 digest of the serving version's component.
    #[schema(value_type = String)]
    digest: Digest,
    /// Column that the model predicts.
    target: String,
    /// Number of features.
    features: usize,
    /// The candidate's trial; null if there is no candidate.
    #[schema(required)]
    candidate: Option<Trial>,
}

/// A registered model: the description of the serving version, and the versions.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelDescription<'a> {
    #[serde(flatten)]
    description: Description<'a>,
    /// The stored versions, oldest first; empty if the host stores none.
    versions: Vec<ModelVersion>,
    /// The candidate's trial; null if there is no candidate.
    #[schema(required)]
    candidate: Option<Trial>,
    /// How the last trial since the start of the host ended; null if there was none.
    #[schema(required)]
    last_trial: Option<&'a Ended>,
    /// SHA-256 digest of the component that a rollback would restore; null if there is none.
    #[schema(required, value_type = Option<String>)]
    previous: Option<Digest>,
}

/// A stored version of a model.
#[derive(Serialize, ToSchema)]
struct ModelVersion {
    #[serde(flatten)]
    stored: Stored,
    /// Whether this version is serving.
    serving: bool,
}

/// `GET /models`
pub(crate) async fn list(call: Call<'_, Server>) -> Result<Response, Problem> {
    let models = &call.service.app.models;
    let default = models.default_owned();
    let list = ModelList {
        default: default.map(|model| model.name.to_string()),
        models: models.all().iter().map(|model| summary(model)).collect(),
        not_served: status::not_served(models),
    };
    json(StatusCode::OK, &list)
}

fn summary(model: &RegisteredModel) -> ModelSummary {
    let rollout = model.rollout();
    let serving = &rollout.serving;
    let info = serving.loaded.model().info();
    ModelSummary {
        name: model.name.to_string(),
        version: info.version.clone(),
        digest: serving.digest(),
        target: info.target.clone(),
        features: info.features.len(),
        candidate: trial(&rollout),
    }
}

fn trial(rollout: &Rollout) -> Option<Trial> {
    let candidate = rollout.candidate.as_ref();
    candidate.map(|candidate| candidate.trial())
}

/// `GET /model`, `GET /models/{name}`
pub(crate) async fn describe(call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = named::model(&call)?;
    let rollout = model.rollout();
    let serving = &rollout.serving;
    let versions = model.versions().into_iter().map(|stored| ModelVersion {
        serving: stored.digest == serving.digest(),
        stored,
    });
    let last_trial = model.last_trial();
    let description = ModelDescription {
        description: loaded_model::description(serving.loaded.model()),
        versions: versions.collect(),
        candidate: trial(&rollout),
        last_trial: last_trial.as_deref(),
        previous: model.previous(),
    };
    json(StatusCode::OK, &description)
}

/// The query of an upload.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadQuery {
    /// What the upload may do that is otherwise refused.
    #[schema(nullable = false)]
    allow: Option<Allowance>,
}

/// What an upload may do: serve a version whose features differ from those of the serving one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Allowance {
    FeatureChange,
}

/// `PUT /models/{name}`
pub(crate) async fn upload(call: Call<'_, Server>) -> Result<Response, Problem> {
    let UploadQuery { allow } = call.query()?;
    let upload = Upload::Serve {
        allow_feature_change: allow.is_some(),
    };
    with_component(call, upload).await
}

/// `PUT /models/{name}/candidate`
pub(crate) async fn propose(call: Call<'_, Server>) -> Result<Response, Problem> {
    let plan: Plan = call.query()?;
    let mut problems = Problems::default();
    for (field, problem) in plan.problems() {
        problems.push(None, field, problem);
    }
    problems.or(()).map_err(AppError::from)?;
    with_component(call, Upload::Try(plan)).await
}

/// `POST /models/{name}/rollback`
pub(crate) async fn roll_back(call: Call<'_, Server>) -> Result<Response, Problem> {
    act(call, Action::RollBack).await
}

/// `POST /models/{name}/promote`
pub(crate) async fn promote(call: Call<'_, Server>) -> Result<Response, Problem> {
    act(call, Action::Promote).await
}

/// `DELETE /models/{name}/candidate`
pub(crate) async fn withdraw(call: Call<'_, Server>) -> Result<Response, Problem> {
    act(call, Action::Withdraw).await
}

/// `DELETE /models/{name}`
pub(crate) async fn retire(call: Call<'_, Server>) -> Result<Response, Problem> {
    change::retire(&call.service.app, name(&call)?).await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// Reads a component from the body and rolls it out.
async fn with_component(mut call: Call<'_, Server>, upload: Upload) -> Result<Response, Problem> {
    let name = name(&call)?;
    check_media_type(&call)?;
    let app = &call.service.app;
    app.models.check_writable()?;
    let component = call.read(app.limits.component_limit()).await?;
    let permit = call.permit.of_pool().ok_or_else(Problem::internal)?;
    let component = component.map(Component::new);
    respond(&change::upload(app, permit, name, component, upload).await?)
}

async fn act(call: Call<'_, Server>, action: Action) -> Result<Response, Problem> {
    respond(&change::act(&call.service.app, name(&call)?, action).await?)
}

fn respond(change: &Change) -> Result<Response, Problem> {
    let status = match change.outcome {
        Outcome::Created => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    json(status, change)
}

/// Accepts the media types of components, and a missing one.
fn check_media_type(call: &Call<'_, Server>) -> Result<(), Problem> {
    let types = ["application/wasm", "application/octet-stream"];
    match media_type(call.headers()) {
        None => Ok(()),
        Some(Ok(given)) if types.contains(&given.essence_str()) => Ok(()),
        Some(_) => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the component as application/wasm, for example with `curl -T FILE`",
        )),
    }
}
