//! Errors of storing and reading observations.

use std::io;
use std::path::PathBuf;

/// Why observations could not be stored or read. Errors of files name the file or folder.
#[derive(Debug, thiserror::Error)]
pub enum ObservationError {
    /// A file or folder cannot be read or written.
    #[error("cannot use {path}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file was not written by a [`super::Store`], or is damaged.
    #[error("{path} is not a valid observation file: {problem}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with the content.
        problem: String,
    },
    /// A batch cannot be encoded as Parquet.
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
