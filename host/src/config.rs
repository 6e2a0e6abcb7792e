//! The configuration of `canopy serve`, composed of the configurations of its parts.

use clap::Args;

use crate::limits::LimitConfig;
use crate::{models, monitoring};
use canopy_web::Listen;

/// The configuration of `canopy serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeConfig {
    /// The models to serve.
    #[command(flatten)]
    pub models: models::Config,
    /// Address and port to listen on, such as `127.0.0.1:8080`, `localhost:8080`, `:8080` or
    /// `8080`. Port 0 selects a free port.
    #[arg(
        long,
        env = "CANOPY_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS",
        help_heading = "Network"
    )]
    pub listen: Listen,
    /// The HTTP server.
    #[command(flatten)]
    pub web: canopy_web::Config,
    /// Authentication.
    #[command(flatten)]
    pub auth: canopy_auth::Config,
    /// Limits on calls and requests.
    #[command(flatten)]
    pub limits: LimitConfig,
    /// Drift detection on live traffic.
    #[command(flatten)]
    pub live: monitoring::Config,
    /// Storage of labelled rows for retraining.
    #[command(flatten)]
    pub observations: canopy_observations::Config,
    /// Export of traces.
    #[command(flatten)]
    pub traces: canopy_telemetry::otlp::Config,
    /// The log.
    #[command(flatten)]
    pub log: canopy_telemetry::log::Config,
}
