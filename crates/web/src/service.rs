//! The interface between a program and the pipeline.

use std::sync::Arc;

use axum_core::response::{IntoResponse as _, Response};
use canopy_auth::{Auth, AuthMetrics};
use canopy_resources::Budget;
use canopy_telemetry::otlp::Tracer;

use super::config::Config;
use super::lifecycle::Lifecycle;
use super::metrics::HttpMetrics;
use super::parameters::Parameters;
use super::permit::Permits;
use super::problem::Problem;
use super::tls::Tls;

/// A program's state.
pub trait Service: Sized + Send + Sync + 'static {
    /// The parts that the pipeline uses.
    fn parts(&self) -> &Parts;

    /// Called when a request with these path parameters is rejected for want of a permit.
    fn overloaded(&self, parameters: &Parameters);

    /// Converts a problem with a request to a path into a response.
    fn problem(_path: &str, problem: Problem) -> Response {
        problem.into_response()
    }
}

/// The parts of a program that the pipeline uses.
pub struct Parts {
    /// Configuration of the server.
    pub config: Config,
    /// Whether the server listens on loopback only.
    pub is_local: bool,
    /// The users; everybody has access if there are none.
    pub auth: Option<Arc<Auth>>,
    /// The TLS certificate, if TLS is on.
    pub tls: Option<Tls>,
    /// Records spans, if they are exported.
    pub tracer: Option<Arc<Tracer>>,
    /// The memory that requests may take.
    pub memory: Budget,
    /// Permits and pools.
    pub permits: Permits,
    /// Whether the server is ready.
    pub lifecycle: Lifecycle,
    /// HTTP metrics.
    pub http_metrics: HttpMetrics,
    /// Authentication metrics.
    pub auth_metrics: AuthMetrics,
}

impl Parts {
    /// Reloads the users and the certificate if their files have changed. Blocks.
    pub fn refresh_credentials(&self) {
        self.auth.iter().for_each(|auth| auth.refresh());
        self.tls.iter().for_each(Tls::refresh);
    }

    /// Whether [`Self::refresh_credentials`] has files to check.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        self.auth.is_some() || self.tls.is_some()
    }
}
