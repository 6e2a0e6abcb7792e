//! Server metadata and health.

use canopy_web::{Call, Problem, Response, Service as _, StatusCode, json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::Server;

/// The server and the extensions of the protocol that it supports.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServerMetadata {
    /// Name of the server, `canopy`.
    name: &'static str,
    /// Version of the server.
    version: &'static str,
    /// Names of the supported extensions.
    extensions: [&'static str; 2],
}

/// The liveness of the server.
#[derive(Serialize, ToSchema)]
pub(crate) struct Liveness {
    /// Always true.
    live: bool,
}

/// The readiness of the server.
#[derive(Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// Whether the server answers requests; false while it is stopping.
    ready: bool,
}

/// `GET /v2`
pub(crate) async fn server(_: Call<'_, Server>) -> Result<Response, Problem> {
    let server = ServerMetadata {
        name: "canopy",
        version: env!("CARGO_PKG_VERSION"),
        extensions: ["binary_tensor_data", "model_repository"],
    };
    json(StatusCode::OK, &server)
}

/// `GET /v2/health/live`
pub(crate) async fn live(_: Call<'_, Server>) -> Result<Response, Problem> {
    json(StatusCode::OK, &Liveness { live: true })
}

/// `GET /v2/health/ready`
pub(crate) async fn ready(call: Call<'_, Server>) -> Result<Response, Problem> {
    let ready = call.service.parts().lifecycle.is_ready();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    json(status, &Readiness { ready })
}
