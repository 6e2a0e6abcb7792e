//! The Open Inference Protocol, version 2 over REST, as KServe, Triton and MLServer speak it.
//! Tensors
//! are JSON or use the binary data extension. Errors are `{"error": …}`.

mod infer;
mod model;
mod repository;
mod server;

use canopy_web::{IntoResponse as _, Problem, Response};
use serde_json::json;

pub(crate) use infer::infer;
pub(crate) use model::{metadata, model_ready};
pub(crate) use repository::{index, load, unload};
pub(crate) use server::{live, ready, server};

/// Formats a problem as the protocol requires if the path belongs to it.
pub(crate) fn problem(path: &str, problem: Problem) -> Response {
    if path != "/v2" && !path.starts_with("/v2/") {
        return problem.into_response();
    }
    let body = json!({"error": problem.to_string()}).to_string();
    problem.respond_with("application/json", body.into_bytes())
}
