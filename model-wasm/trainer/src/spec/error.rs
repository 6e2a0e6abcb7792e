use std::io;
use std::path::PathBuf;

/// Why a specification could not be loaded. Every error names the file.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The file cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is not TOML, or a key is missing, unknown or of the wrong type.
    #[error("{}: {problem}", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// The problem and its position, in one line.
        problem: String,
    },
    /// The value of a key is not valid.
    #[error("{}: {key}: {problem}", file.display())]
    Value {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
        /// The problem and how to fix it.
        problem: String,
    },
}

/// Formats an error in TOML in one line, with the number and text of the line it occurred in. (The
/// crate's own message spans several lines.)
pub(super) fn explain(text: &str, error: &toml::de::Error) -> String {
    let problem = error.message().replace('\n', " ");
    let before = error.span().and_then(|span| text.get(..span.start));
    // A missing key has no position: its span starts at the beginning of the file.
    match before.filter(|before| !before.is_empty()) {
        Some(before) => {
            let number = before.matches('\n').count();
            let line = text.lines().nth(number).unwrap_or_default().trim();
            format!("line {}, `{line}`: {problem}", number + 1)
        }
        None => problem,
    }
}
