//! Schemas that do not depend on a model, derived from the types of requests and responses.

use canopy_rows::tensor::{InferenceRequest, InferenceResponse};
use serde_json::{Map, Value, json};
use utoipa::{OpenApi, ToSchema};

use super::document::Document;
use crate::app::observations::Shown;
use crate::http::handler::evaluate::EvaluationResult;
use crate::http::handler::evaluations::EvaluationList;
use crate::http::handler::format::Format;
use crate::http::handler::live::Live;
use crate::http::handler::models::{Allowance, ModelDescription, ModelList};
use crate::http::handler::observations::ObservationList;
use crate::http::handler::status::{Greeting, Health, Ready};
use crate::http::handler::token::{Login, Token};
use crate::http::handler::v2::{
    Done, IndexEntry, InferenceError, Liveness, ModelMetadata, ModelReadiness, Readiness,
    ServerMetadata,
};
use crate::models::{Change, Mode};
use crate::monitoring::Report;

/// The tag of the routes of the Open Inference Protocol.
pub(super) const PROTOCOL: &str = "open inference protocol";

/// The types that operations refer to. The types of their fields are included with them.
#[derive(OpenApi)]
#[openapi(components(schemas(
    Allowance,
    Change,
    Document,
    Done,
    EvaluationList,
    EvaluationResult,
    Greeting,
    Health,
    IndexEntry,
    InferenceError,
    InferenceRequest,
    InferenceResponse,
    Live,
    Liveness,
    Mode,
    ModelDescription,
    ModelList,
    ModelMetadata,
    ModelReadiness,
    ObservationList,
    canopy_api::Problem,
    Readiness,
    Ready,
    Report,
    ServerMetadata,
    Shown,
)))]
struct Shared;

/// The types of the operations that exist only with users.
#[derive(OpenApi)]
#[openapi(components(schemas(Login, Token)))]
struct OfUsers;

/// The schemas that do not depend on a model, by name.
pub(super) fn shared(has_users: bool) -> Map<String, Value> {
    let mut document = Shared::openapi();
    if has_users {
        document.merge(OfUsers::openapi());
    }
    let schemas = document.components.unwrap_or_default().schemas;
    let schemas = schemas.into_iter();
    schemas
        .map(|(name, schema)| (name, json!(schema)))
        .collect()
}

/// A reference to the schema of a type.
pub(super) fn reference<T: ToSchema>() -> Value {
    schema_ref(&T::name())
}

pub(super) fn schema_ref(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The responses of an operation: success, and errors in the format of `error`.
pub(super) fn responses(
    success: Value,
    errors: &[(&str, &str)],
    error: fn(&str) -> Value,
) -> Value {
    let mut responses = Map::from_iter([("200".to_owned(), success)]);
    let errors = errors.iter();
    responses.extend(errors.map(|(status, text)| ((*status).to_owned(), error(text))));
    Value::Object(responses)
}

/// A JSON response of a type.
pub(super) fn answer<T: ToSchema>(description: &str) -> Value {
    content(description, Format::JSON, reference::<T>())
}

/// A response with one media type.
pub(super) fn content(description: &str, media_type: &str, schema: Value) -> Value {
    json!({"description": description, "content": {media_type: {"schema": schema}}})
}

/// An error response: a problem.
pub(super) fn problem(description: &str) -> Value {
    let schema = reference::<canopy_api::Problem>();
    content(description, "application/problem+json", schema)
}

/// An error response in the format of the Open Inference Protocol.
pub(super) fn inference_error(description: &str) -> Value {
    answer::<InferenceError>(description)
}
