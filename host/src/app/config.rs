//! The configuration of the use cases, composed of the configurations of their parts.

use clap::Args;

use crate::limits::LimitConfig;
use crate::{models, monitoring};

/// The configuration of what is served.
#[derive(Debug, Clone, Args)]
#[group(id = "app-config")]
pub struct Config {
    /// The models to serve.
    #[command(flatten)]
    pub models: models::Config,
    /// Limits on calls and requests.
    #[command(flatten)]
    pub limits: LimitConfig,
    /// Drift detection on live traffic.
    #[command(flatten)]
    pub live: monitoring::Config,
    /// Evaluations.
    #[command(flatten)]
    pub evaluation: monitoring::EvaluationConfig,
    /// What is kept for the next start.
    #[command(flatten)]
    pub state: monitoring::StateConfig,
    /// Storage of labelled rows for retraining.
    #[command(flatten)]
    pub observations: canopy_observations::Config,
}
