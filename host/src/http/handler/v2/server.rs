//! Server metadata and health.

use canopy_web::{Call, Problem, Response, Service as _, StatusCode, json};
use serde_json::json;

use crate::http::Server;

/// `GET /v2`
pub(crate) async fn server(_: Call<'_, Server>) -> Result<Response, Problem> {
    let server = json!({
        "name": "canopy",
        "version": env!("CARGO_PKG_VERSION"),
        "extensions": ["binary_tensor_data", "model_repository"],
    });
    json(StatusCode::OK, &server)
}

/// `GET /v2/health/live`
pub(crate) async fn live(_: Call<'_, Server>) -> Result<Response, Problem> {
    json(StatusCode::OK, &json!({"live": true}))
}

/// `GET /v2/health/ready`
pub(crate) async fn ready(call: Call<'_, Server>) -> Result<Response, Problem> {
    let is_ready = call.service.parts().lifecycle.is_ready();
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    json(status, &json!({"ready": is_ready}))
}
