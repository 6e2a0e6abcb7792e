//! Changes of what a model serves, and why they are refused.

use std::io;

use canopy_runtime::{Digest, LoadError};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::OpenError;
use super::name::ModelName;
use super::version::Version;

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// The model.
    pub name: String,
    /// What the component calls itself.
    pub version: String,
    /// SHA-256 digest of the component.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// What was done.
    #[schema(inline)]
    pub outcome: Outcome,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A model that was not there is.
    Created,
    /// The version serves.
    Swapped,
    /// The version served already.
    Unchanged,
    /// The version that served before serves again.
    RolledBack,
    /// The version is on trial.
    Proposed,
    /// The version on trial serves.
    Promoted,
    /// The version is no longer on trial.
    Withdrawn,
}

impl Change {
    pub(super) fn new(name: &ModelName, version: &Version, outcome: Outcome) -> Self {
        Self {
            name: name.to_string(),
            version: version.loaded.model().info().version.clone(),
            digest: version.digest(),
            outcome,
        }
    }
}

/// Why a change was refused; nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The host has no folder for versions.
    #[error("this host keeps no versions: start it with --models FOLDER")]
    NotKept,
    /// There is no model of this name.
    #[error("there is no model {0}; GET /models lists them")]
    Unknown(ModelName),
    /// The component is not fit to serve.
    #[error("the component cannot be served")]
    Unfit(#[from] LoadError),
    /// Clients of the serving version could not use this one.
    #[error("{0}; if that is meant, send the component with ?allow=feature-change")]
    Features(String),
    /// A candidate must take and answer what the serving version does.
    #[error("{0}, and a candidate must take and answer what the serving version does")]
    Incomparable(String),
    /// No version served before.
    #[error("no version of {0} served before this one")]
    NoPrevious(ModelName),
    /// No version is on trial.
    #[error("no version of {0} is on trial")]
    NoCandidate(ModelName),
    /// The version serves already.
    #[error("this version of {0} serves already")]
    Serving(ModelName),
    /// The default model stays.
    #[error("{0} is the default model, which stays as long as the host runs")]
    Default(ModelName),
    /// The model comes from a file that is the operator's.
    #[error("{0} comes from a file given on the command line, which the host does not remove")]
    FromFile(ModelName),
    /// There are as many models as there may be.
    #[error("there are {0} models already; --max-models allows more")]
    TooMany(usize),
    /// Somebody else changed the model meanwhile.
    #[error("{0} was changed meanwhile; look at it and try again")]
    Raced(ModelName),
    /// The version could not be written to or read from the folder.
    #[error("the versions of the model cannot be kept or read")]
    Disk(#[from] io::Error),
    /// The model could not be loaded from its file or its versions.
    #[error(transparent)]
    Open(Box<OpenError>),
    /// A metric could not be made.
    #[error("the metrics of the model cannot be registered")]
    Metrics(#[from] prometheus::Error),
    /// The work panicked; the log says how.
    #[error("the change failed unexpectedly")]
    Panicked,
}
