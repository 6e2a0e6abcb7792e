//! The configuration of `canopy serve`: that of every part, flattened.

use clap::Args;

use crate::limits::LimitConfig;
use crate::{models, monitoring};
use canopy_web::Listen;

/// The configuration of `canopy serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeConfig {
    /// Which models are served.
    #[command(flatten)]
    pub models: models::Config,
    /// Address and port to listen on: `127.0.0.1:8080`, `localhost:8080`, `:8080` or `8080`; port
    /// 0 takes a free one.
    #[arg(
        long,
        env = "CANOPY_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS",
        help_heading = "Network"
    )]
    pub listen: Listen,
    /// How long clients may take.
    #[command(flatten)]
    pub web: canopy_web::Config,
    /// Who may send requests.
    #[command(flatten)]
    pub auth: canopy_auth::Config,
    /// What calls and requests may use.
    #[command(flatten)]
    pub limits: LimitConfig,
    /// How drift of live traffic is watched.
    #[command(flatten)]
    pub live: monitoring::Config,
    /// Where labelled rows are kept for a retraining.
    #[command(flatten)]
    pub observations: canopy_observations::Config,
    /// Where traces go.
    #[command(flatten)]
    pub traces: canopy_telemetry::otlp::Config,
    /// How the log is written.
    #[command(flatten)]
    pub log: canopy_telemetry::log::Config,
}
