//! Why a model cannot be opened.

use std::io;
use std::path::{Path, PathBuf};

use canopy_runtime::LoadError;

use super::name::{InvalidName, ModelName};

/// Why a model cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The component cannot be read.
    #[error("cannot read the model {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no component.
    #[error("{} is {reason}", .path.display())]
    NotAComponent {
        /// The file.
        path: PathBuf,
        /// What it is not, and why.
        reason: LoadError,
    },
    /// The component is not fit to serve.
    #[error("cannot serve the model {path}")]
    Load {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: LoadError,
    },
    /// The component calls itself something that is not a model name.
    #[error("name the model: NAME=FILE")]
    Name(#[source] InvalidName),
    /// Two models have the same name.
    #[error("{} has the name of another model; give it one of its own: NAME=FILE", .0.display())]
    Twice(PathBuf),
    /// There are more models than allowed.
    #[error("there are {0} models, --max-models allows {1}")]
    TooMany(usize, usize),
    /// The default model is not there.
    #[error("there is no model to serve named {0}")]
    NoDefault(ModelName),
    /// A model has neither a file nor a version that can be served.
    #[error("no version of {0} can be served; the log says why")]
    NoVersion(ModelName),
    /// Models cannot be read from or kept in a folder.
    #[error("cannot keep models in {}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A metric is declared twice.
    #[error("cannot register the metrics of a model")]
    Metrics(#[from] prometheus::Error),
}

impl OpenError {
    /// A component is not fit to serve.
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

    /// A folder of models cannot be used.
    pub(super) fn folder(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Folder { path, source }
    }
}
