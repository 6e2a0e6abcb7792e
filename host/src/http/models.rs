//! Models by name, and their versions.
//!
//! | Route                             | Answer                                              |
//! |-----------------------------------|-----------------------------------------------------|
//! | `GET /models`                     | all models                                          |
//! | `GET /models/{name}`              | what it says of itself, its versions, its candidate |
//! | `PUT /models/{name}`              | serves the component in the body                    |
//! | `DELETE /models/{name}`           | retires the model                                   |
//! | `POST /models/{name}/rollback`    | serves the version before                           |
//! | `PUT /models/{name}/candidate`    | puts the component in the body on trial             |
//! | `DELETE /models/{name}/candidate` | ends the trial                                      |
//! | `POST /models/{name}/promote`     | serves the candidate                                |
//! | `POST /models/{name}/predict` …   | as without a name, for this model                   |

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::{info, warn};

use super::problem::Problem;
use super::{Shared, batch, body, evaluate, live, predict};
use crate::host::Host;
use crate::inspect;
use crate::log::about;
use crate::models::{Change, ChangeError, InvalidName, ModelName, Outcome, Plan, Slot};
use crate::row::Problems;

pub(super) fn routes() -> Router<Arc<Host>> {
    Router::new()
        .route("/models", get(list))
        .route("/models/{name}", get(describe).put(upload).delete(retire))
        .route("/models/{name}/predict", post(predict::predict))
        .route("/models/{name}/predict/batch", post(batch::predict_batch))
        .route("/models/{name}/evaluate", post(evaluate::evaluate))
        .route("/models/{name}/live", get(live::live))
        .route("/models/{name}/rollback", post(roll_back))
        .route("/models/{name}/candidate", put(propose).delete(withdraw))
        .route("/models/{name}/promote", post(promote))
}

/// The model that a request is about: the one named in its path, or else the default model.
pub(super) struct Named(pub(super) Arc<Slot>);

impl FromRequestParts<Arc<Host>> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, host: &Arc<Host>) -> Result<Self, Problem> {
        let parameters = RawPathParams::from_request_parts(parts, host).await;
        let name = parameters
            .as_ref()
            .ok()
            .and_then(|parameters| parameters.iter().find(|(key, _)| *key == "name"));
        let Some((_, name)) = name else {
            let default = host.models.default_owned();
            return default.map(Self).ok_or_else(no_model);
        };
        let name = named(name)?;
        let slot = host.models.get(&name);
        slot.map(Self)
            .ok_or_else(|| ChangeError::Unknown(name).into())
    }
}

/// There is no default model yet.
pub(super) fn no_model() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "there is no model yet; PUT /models/{name} brings one",
    )
}

fn named(name: &str) -> Result<ModelName, Problem> {
    name.parse().map_err(|error: InvalidName| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
    })
}

/// `GET /models`
async fn list(State(host): Shared) -> Json<Value> {
    let models: Vec<Value> = host.models.all().iter().map(|slot| summary(slot)).collect();
    let default = host.models.default_owned();
    Json(json!({"default": default.map(|slot| slot.name.to_string()), "models": models}))
}

fn summary(slot: &Slot) -> Value {
    let route = slot.route();
    let serving = &route.serving;
    let info = serving.served.model().info();
    json!({
        "name": slot.name.as_str(),
        "version": info.version,
        "digest": serving.digest(),
        "target": info.target,
        "features": info.features.len(),
        "candidate": route.candidate.as_ref().map(|candidate| candidate.trial()),
    })
}

/// `GET /model`, `GET /models/{name}`
pub(super) async fn describe(Named(slot): Named) -> Json<Value> {
    let route = slot.route();
    let serving = &route.serving;
    let mut description = inspect::description(serving.served.model());
    let versions = slot.versions();
    let versions = versions.iter().map(|stored| {
        let mut version = json!(stored);
        version["serving"] = json!(stored.digest == serving.digest());
        version
    });
    description["versions"] = versions.collect();
    let trial = route.candidate.as_ref().map(|candidate| candidate.trial());
    description["candidate"] = json!(trial);
    description["last_trial"] = json!(slot.last_trial());
    description["previous"] = json!(slot.previous());
    Json(description)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Upload {
    allow: Option<Allowance>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Allowance {
    FeatureChange,
}

/// `PUT /models/{name}`
async fn upload(
    State(host): Shared,
    Path(name): Path<String>,
    query: Result<Query<Upload>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let Query(Upload { allow }) = query.map_err(wrong_query)?;
    let name = named(&name)?;
    let change = with_component(&host, request, move |host, component| {
        host.models.put(&name, component, allow.is_some())
    });
    change.await
}

/// `PUT /models/{name}/candidate`
async fn propose(
    State(host): Shared,
    Path(name): Path<String>,
    query: Result<Query<Plan>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let Query(plan) = query.map_err(wrong_query)?;
    let mut problems = Problems::default();
    for (field, problem) in plan.problems() {
        problems.push(None, field, problem);
    }
    problems.or(())?;
    let name = named(&name)?;
    let change = with_component(&host, request, move |host, component| {
        host.models.propose(&name, component, plan)
    });
    change.await
}

/// `POST /models/{name}/rollback`
async fn roll_back(State(host): Shared, Path(name): Path<String>) -> Result<Response, Problem> {
    let name = named(&name)?;
    change(&host, move |host| host.models.roll_back(&name)).await
}

/// `POST /models/{name}/promote`
async fn promote(State(host): Shared, Path(name): Path<String>) -> Result<Response, Problem> {
    let name = named(&name)?;
    change(&host, move |host| host.models.promote(&name)).await
}

/// `DELETE /models/{name}/candidate`
async fn withdraw(State(host): Shared, Path(name): Path<String>) -> Result<Response, Problem> {
    let name = named(&name)?;
    change(&host, move |host| host.models.withdraw(&name)).await
}

/// `DELETE /models/{name}`
async fn retire(State(host): Shared, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    let name = named(&name)?;
    let (worker, model) = (Arc::clone(&host), name.clone());
    elsewhere(move || worker.models.retire(&name)).await??;
    info!(%model, "model retired");
    Ok(StatusCode::NO_CONTENT)
}

/// Reads a component from the body and makes a change with it, where components are compiled.
async fn with_component(
    host: &Arc<Host>,
    request: Request,
    make: impl FnOnce(&Host, &[u8]) -> Result<Change, ChangeError> + Send + 'static,
) -> Result<Response, Problem> {
    is_component(request.headers())?;
    if host.config.models.folder.is_none() {
        return Err(ChangeError::NotKept.into());
    }
    let place = host.loader.place().map_err(|_| {
        Problem::overload("other components are being uploaded; try again when they are done")
    })?;
    let limit = host.config.limits.component_limit.as_u64();
    let component = body::read(host, request, limit).await?;
    let worker = Arc::clone(host);
    let work = move || make(&worker, &component);
    respond(host.loader.run(&place, work).await?)
}

async fn change(
    host: &Arc<Host>,
    make: impl FnOnce(&Host) -> Result<Change, ChangeError> + Send + 'static,
) -> Result<Response, Problem> {
    let worker = Arc::clone(host);
    // Not where components are compiled: a rollback does not wait for an upload.
    respond(elsewhere(move || make(&worker)).await?)
}

/// Does work that waits for the disk on a thread of its own.
async fn elsewhere<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let done = about::spawn_blocking(work).await;
    done.map_err(|_| Problem::internal())
}

/// The answer to a change, which is logged whether it was made or refused.
fn respond(change: Result<Change, ChangeError>) -> Result<Response, Problem> {
    let change = change.map_err(|error| {
        let problem = Problem::from(error);
        warn!(%problem, "model not changed");
        problem
    })?;
    let Change {
        name,
        version,
        digest,
        outcome,
    } = &change;
    info!(model = %name, %version, %digest, ?outcome, "model changed");
    let status = match outcome {
        Outcome::Created => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    Ok((status, Json(change)).into_response())
}

/// A component comes as such or without a type of its own.
fn is_component(headers: &HeaderMap) -> Result<(), Problem> {
    let types = ["application/wasm", "application/octet-stream"];
    match headers.get(header::CONTENT_TYPE) {
        None => Ok(()),
        Some(given) if types.contains(&media_type(given)) => Ok(()),
        Some(_) => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the component as application/wasm, for example with `curl -T FILE`",
        )),
    }
}

/// A media type without its parameters.
fn media_type(value: &HeaderValue) -> &str {
    let value = value.to_str().unwrap_or("");
    value.split(';').next().unwrap_or("").trim()
}

fn wrong_query(error: QueryRejection) -> Problem {
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        format!("the query cannot be used: {}", cause.unwrap_or_default()),
    )
}
