use std::io;
use std::path::PathBuf;

/// Why there is no specification. The file is named in each.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The file cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not TOML, or a key is missing, unknown or of the wrong type.
    #[error("{}: {problem}", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// Where and why.
        problem: Box<toml::de::Error>,
    },
    /// The value of a key is not possible.
    #[error("{}: {key}: {problem}", file.display())]
    Value {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
        /// What is wrong and what to do.
        problem: String,
    },
}
