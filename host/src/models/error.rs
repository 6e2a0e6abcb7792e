//! Errors of opening models.

use std::io;
use std::path::{Path, PathBuf};

use canopy_runtime::LoadError;

use super::name::{InvalidName, ModelName};

/// Why a model could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The component file cannot be read.
    #[error("cannot read the model {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is not a component.
    #[error("{} is {reason}", .path.display())]
    NotAComponent {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: LoadError,
    },
    /// The component cannot be loaded.
    #[error("cannot load the model {path}")]
    Load {
        /// The file.
        path: PathBuf,
        /// Why it cannot be loaded.
        source: LoadError,
    },
    /// The name in the component's description is not a valid model name.
    #[error("the model needs another name; give one as NAME=FILE")]
    Name(#[source] InvalidName),
    /// Two models have the same name.
    #[error("{} has the same name as another model; give it a different one as NAME=FILE", .0.display())]
    Twice(PathBuf),
    /// There are more models than allowed; holds their number and the limit.
    #[error("there are {0} models, but --max-models allows only {1}")]
    TooMany(usize, usize),
    /// The default model does not exist.
    #[error("the default model {0} does not exist")]
    NoDefault(ModelName),
    /// A model has neither a file nor a stored version that can be loaded.
    #[error("no version of {0} can be loaded; see the log for the reasons")]
    NoVersion(ModelName),
    /// A folder of models or a version store cannot be used.
    #[error("cannot store models in {}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The metrics of a model could not be registered.
    #[error("cannot register the metrics of a model")]
    Metrics(#[from] prometheus::Error),
}

impl OpenError {
    /// Creates an error for a component that cannot be loaded.
    pub(crate) fn load(path: &Path) -> impl FnOnce(LoadError) -> Self {
        let path = path.to_owned();
        |source| match source {
            LoadError::NotAComponent(_) => Self::NotAComponent {
                path,
                reason: source,
            },
            _ => Self::Load { path, source },
        }
    }

    /// Creates an [`Self::Folder`] error for a path.
    pub(super) fn folder(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Folder { path, source }
    }
}
