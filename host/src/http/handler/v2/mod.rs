//! The Open Inference Protocol, version 2 over REST, as KServe, Triton and MLServer speak it.
//! Tensors
//! are JSON or use the binary data extension. Errors are `{"error": …}`.

mod infer;
mod model;
mod repository;
mod server;

use canopy_web::{IntoResponse as _, Problem, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use infer::infer;
pub(crate) use model::{ModelMetadata, ModelReadiness, metadata, model_ready};
pub(crate) use repository::{Done, IndexEntry, index, load, unload};
pub(crate) use server::{Liveness, Readiness, ServerMetadata, live, ready, server};

/// An error in the form of the Open Inference Protocol.
#[derive(Serialize, ToSchema)]
pub(crate) struct InferenceError {
    /// What is wrong, and how to correct it.
    error: String,
}

/// Formats a problem as the protocol requires if the path belongs to it.
pub(crate) fn problem(path: &str, problem: Problem) -> Response {
    if path != "/v2" && !path.starts_with("/v2/") {
        return problem.into_response();
    }
    let error = problem.to_string();
    // Cannot fail: a string can be serialized.
    let body = serde_json::to_vec(&InferenceError { error }).unwrap_or_default();
    problem.respond_with("application/json", body)
}
