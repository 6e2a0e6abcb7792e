//! Why observations cannot be kept or read.

use std::io;
use std::path::PathBuf;

/// Why observations cannot be kept or read. The file or folder is named in each.
#[derive(Debug, thiserror::Error)]
pub enum ObservationError {
    /// The system refused to read or write.
    #[error("cannot use {path}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not one that a [`super::Store`] wrote, or its content is damaged.
    #[error("{path} holds no observations: {problem}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A batch cannot be put into the form of a file.
    #[error("the batch cannot be encoded: {0}")]
    Encode(String),
}

impl ObservationError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    pub(super) fn content(
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(Box<dyn std::error::Error>) -> Self {
        let path = path.into();
        move |problem| Self::Content {
            path,
            problem: problem.to_string(),
        }
    }
}
