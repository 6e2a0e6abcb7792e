//! The configuration of `canopy serve`, composed of the configurations of its parts.

use canopy_web::Listen;
use clap::Args;

use crate::app;

/// The configuration of `canopy serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeConfig {
    /// What is served.
    #[command(flatten)]
    pub app: app::Config,
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
    /// Export of traces.
    #[command(flatten)]
    pub traces: canopy_telemetry::otlp::Config,
    /// The log.
    #[command(flatten)]
    pub log: canopy_telemetry::log::Config,
}
