//! Changes of registered models and their errors.

use std::io;

use canopy_runtime::{Digest, LoadError};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::OpenError;
use super::name::ModelName;
use super::version::Version;

/// A change that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// The model.
    pub name: String,
    /// The version that the component describes.
    pub version: String,
    /// SHA-256 digest of the component.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// The kind of change.
    pub outcome: Outcome,
}

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ChangeOutcome)]
pub enum Outcome {
    /// The model was created.
    Created,
    /// The version replaced the serving one.
    Swapped,
    /// The version was already serving.
    Unchanged,
    /// The previous version is serving again.
    RolledBack,
    /// The version was put on trial.
    Proposed,
    /// The candidate is now serving.
    Promoted,
    /// The trial of the version was ended.
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

/// Why a change failed; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The host has no folder to store versions in.
    #[error("this host does not store versions: start it with --models FOLDER")]
    NotKept,
    /// The folder of models is read-only.
    #[error("the folder of models is read-only for this host")]
    ReadOnly,
    /// Another host writes to the folder of models.
    #[error(
        "{0} writes to this folder of models, and this host follows it; send the change there, or \
         stop it: this host then takes over"
    )]
    Following(String),
    /// There is no model of this name.
    #[error("there is no model {0}; GET /models lists them")]
    Unknown(ModelName),
    /// The component could not be loaded.
    #[error("the component cannot be loaded")]
    Unfit(#[from] LoadError),
    /// The version is incompatible with clients of the serving version.
    #[error("{0}; if this is intended, upload the component with ?allow=feature-change")]
    Features(String),
    /// The inputs or outputs of the candidate differ from those of the serving version.
    #[error("{0}, but a candidate must have the same inputs and outputs as the serving version")]
    Incomparable(String),
    /// There is no previous version.
    #[error("{0} has no previous version")]
    NoPrevious(ModelName),
    /// No version is on trial.
    #[error("no version of {0} is on trial")]
    NoCandidate(ModelName),
    /// The version is already serving.
    #[error("this version of {0} is already serving")]
    Serving(ModelName),
    /// The default model cannot be removed or unloaded.
    #[error("{0} is the default model, which cannot be removed while the host is running")]
    Default(ModelName),
    /// The model comes from a file named by the operator.
    #[error("{0} was given on the command line, and the host does not remove its file")]
    FromFile(ModelName),
    /// The limit on models is reached; holds the limit.
    #[error("there are already {0} models; raise --max-models to allow more")]
    TooMany(usize),
    /// Another client changed the model at the same time.
    #[error("{0} was changed by another request at the same time; check it and try again")]
    Raced(ModelName),
    /// The version store could not be read or written.
    #[error("the versions of the model cannot be read or written")]
    Disk(#[from] io::Error),
    /// The model could not be opened from its file or its version store.
    #[error(transparent)]
    Open(Box<OpenError>),
    /// The metrics of the model could not be registered.
    #[error("the metrics of the model cannot be registered")]
    Metrics(#[from] prometheus::Error),
    /// The change panicked.
    #[error("the change failed unexpectedly; see the log of the host")]
    Panicked,
}
