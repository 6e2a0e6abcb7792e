//! What a program brings to the pipeline.

use std::sync::Arc;

use axum_core::response::{IntoResponse as _, Response};
use canopy_auth::{Auth, AuthMetrics};
use canopy_telemetry::otlp::Tracer;

use super::config::Config;
use super::lifecycle::Lifecycle;
use super::metrics::HttpMetrics;
use super::parameters::Parameters;
use super::permit::Permits;
use super::problem::Problem;
use super::tls::Tls;

/// A program's state that requests are answered from.
pub trait Service: Sized + Send + Sync + 'static {
    /// What the pipeline works with.
    fn parts(&self) -> &Parts;

    /// A request whose path has these parameters was refused because there was no permit for it.
    fn overloaded(&self, parameters: &Parameters);

    /// A problem with the request of a path as an answer.
    fn problem(_path: &str, problem: Problem) -> Response {
        problem.into_response()
    }
}

/// What the pipeline works with.
pub struct Parts {
    /// How the server was configured.
    pub config: Config,
    /// Whether it listens to this machine alone.
    pub is_local: bool,
    /// Who may send requests; everybody if there are no users.
    pub auth: Option<Arc<Auth>>,
    /// The certificate, if connections are encrypted.
    pub tls: Option<Tls>,
    /// Records spans, if they are exported.
    pub tracer: Option<Arc<Tracer>>,
    /// Permits and pools.
    pub permits: Permits,
    /// Whether the server takes requests.
    pub lifecycle: Lifecycle,
    /// Metrics of requests.
    pub http_metrics: HttpMetrics,
    /// Metrics of authentication.
    pub auth_metrics: AuthMetrics,
}

impl Parts {
    /// Reads users and certificate again if their files have changed. Blocks.
    pub fn refresh_credentials(&self) {
        self.auth.iter().for_each(|auth| auth.refresh());
        self.tls.iter().for_each(Tls::refresh);
    }

    /// Whether there are files that [`Self::refresh_credentials`] reads.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        self.auth.is_some() || self.tls.is_some()
    }
}
