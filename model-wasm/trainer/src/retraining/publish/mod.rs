//! Ways to publish a challenger that won.

mod canary;
mod challenger;
mod direct;
mod folder;
mod review;
mod way;

use std::path::PathBuf;

use anyhow::Result;

use super::run::Verdict;
use crate::cli::ServeArguments;
use canary::Host;
pub(super) use challenger::{Challenger, Start};
pub use way::Way;

/// Publishes challengers.
#[derive(Debug)]
pub(super) enum Publisher {
    Direct(PathBuf),
    Canary(Box<Host>),
    Review(PathBuf),
}

impl Publisher {
    /// The publisher that the arguments ask for; by default a canary if they name a host. A host knows
    /// the model by one of `names`.
    ///
    /// # Errors
    ///
    /// If a canary is asked for without a host, or the host cannot be used.
    pub(super) fn new(arguments: &ServeArguments, names: &[String]) -> Result<Self> {
        let model = arguments.model.clone();
        let way = arguments.publish.unwrap_or(match arguments.host {
            Some(_) => Way::Canary,
            None => Way::Direct,
        });
        Ok(match (way, &arguments.host) {
            (Way::Direct, _) => Self::Direct(model),
            (Way::Review, _) => Self::Review(model),
            (Way::Canary, Some(host)) => {
                Self::Canary(Box::new(Host::new(host, &arguments.trial, names, model)?))
            }
            (Way::Canary, None) => {
                anyhow::bail!("--publish canary needs the host's URL: add --host URL")
            }
        })
    }

    /// Finds the champion: the model file, or what the host serves.
    ///
    /// # Errors
    ///
    /// If the host does not answer, or serves a component that is not there.
    pub(super) async fn start(&self) -> Result<Start> {
        match self {
            Self::Direct(model) | Self::Review(model) => Ok(Start::Champion(model.clone())),
            Self::Canary(host) => host.start().await,
        }
    }

    /// Publishes a challenger. Returns the verdict and warnings.
    ///
    /// # Errors
    ///
    /// If it cannot be published. What is served is then unchanged.
    pub(super) async fn publish(
        &self,
        challenger: &Challenger<'_>,
    ) -> Result<(Verdict, Option<String>)> {
        match self {
            Self::Direct(model) => {
                let warning = direct::publish(model, challenger)?;
                Ok((Verdict::Published, warning))
            }
            Self::Canary(host) => host.propose(challenger).await,
            Self::Review(model) => review::write(model, challenger),
        }
    }
}
