//! Ways to publish a challenger that won.

mod canary;
mod direct;
mod folder;
mod review;

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use super::job::Champion;
use super::run::Verdict;
use crate::cli::ServeArguments;
use canary::Host;

/// How to publish a challenger that won.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// Replace the model file, which the host watches.
    Direct,
    /// Put the challenger on trial at the host, where it promotes itself.
    Canary,
    /// Write the challenger beside the model file, for somebody to publish.
    Review,
}

/// Publishes challengers.
#[derive(Debug)]
pub(super) enum Publisher {
    Direct(PathBuf),
    Canary(Box<Host>),
    Review(PathBuf),
}

/// The file of the champion, or the reason why there must be no run now.
pub(super) enum Start {
    Champion(PathBuf),
    Skip(String),
}

/// A challenger that won.
pub(super) struct Challenger<'a> {
    pub(super) component: &'a [u8],
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    /// SHA-256 digest of the component.
    pub(super) digest: &'a str,
    /// The champion that it beat; absent if there was none.
    pub(super) champion: Option<&'a Champion>,
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
