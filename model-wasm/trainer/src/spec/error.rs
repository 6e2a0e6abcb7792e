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
        /// Where and why, in one line.
        problem: String,
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

/// A mistake in TOML, with its line and what stands there. (The crate's own text has several
/// lines.)
pub(super) fn explain(text: &str, error: &toml::de::Error) -> String {
    let problem = error.message().replace('\n', " ");
    let before = error.span().and_then(|span| text.get(..span.start));
    // A missing key has no place: its span begins where the file does.
    match before.filter(|before| !before.is_empty()) {
        Some(before) => {
            let number = before.matches('\n').count();
            let line = text.lines().nth(number).unwrap_or_default().trim();
            format!("line {}, `{line}`: {problem}", number + 1)
        }
        None => problem,
    }
}
