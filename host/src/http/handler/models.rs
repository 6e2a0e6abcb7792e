//! Models by name, and their versions.

use canopy_rows::Problems;
use canopy_runtime::Component;
use canopy_web::{Body, Call, Problem, Response, StatusCode, json, media_type};
use serde::Deserialize;
use serde_json::{Value, json};

use super::named::{self, name};
use super::status;
use crate::app::AppError;
use crate::app::change::{self, Action, Upload};
use crate::http::Server;
use crate::loaded_model;
use crate::models::{Change, Outcome, Plan, RegisteredModel};

/// `GET /models`
pub(crate) async fn list(call: Call<'_, Server>) -> Result<Response, Problem> {
    let models = &call.service.app.models;
    let summaries: Vec<Value> = models.all().iter().map(|model| summary(model)).collect();
    let default = models.default_owned();
    let default = default.map(|model| model.name.to_string());
    let not_served = status::not_served(models);
    json(
        StatusCode::OK,
        &json!({"default": default, "models": summaries, "not_served": not_served}),
    )
}

fn summary(model: &RegisteredModel) -> Value {
    let rollout = model.rollout();
    let serving = &rollout.serving;
    let info = serving.loaded.model().info();
    json!({
        "name": model.name.as_str(),
        "version": info.version,
        "digest": serving.digest(),
        "target": info.target,
        "features": info.features.len(),
        "candidate": rollout.candidate.as_ref().map(|candidate| candidate.trial()),
    })
}

/// `GET /model`, `GET /models/{name}`
pub(crate) async fn describe(call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = named::model(&call)?;
    let rollout = model.rollout();
    let serving = &rollout.serving;
    let mut description = loaded_model::description(serving.loaded.model());
    let versions = model.versions();
    let versions = versions.iter().map(|stored| {
        let mut version = json!(stored);
        version["serving"] = json!(stored.digest == serving.digest());
        version
    });
    description["versions"] = versions.collect();
    let trial = rollout
        .candidate
        .as_ref()
        .map(|candidate| candidate.trial());
    description["candidate"] = json!(trial);
    description["last_trial"] = json!(model.last_trial());
    description["previous"] = json!(model.previous());
    json(StatusCode::OK, &description)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UploadQuery {
    allow: Option<Allowance>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Allowance {
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
