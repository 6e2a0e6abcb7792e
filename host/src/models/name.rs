//! Model names.

use std::fmt::{self, Display};
use std::str::FromStr;

/// The name of a model in URLs, on disk and in metrics: 1 to 64 ASCII letters, digits, `-`, `_` and
/// `.`, beginning with a letter or digit. Must not end in an extension that the host uses itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelName(String);

/// A string that is not a model name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:.80?} is not a model name: use 1 to 64 letters, digits, '-', '_' and '.', beginning with \
         a letter or digit and not ending in .wasm, .retired, .partial or .parquet"
)]
pub struct InvalidName(String);

/// Extensions that the host uses for files and folders next to those named after models: in the
/// folder of models, and in the folder of observations.
const RESERVED: [&str; 4] = [".wasm", ".retired", ".partial", ".parquet"];

impl FromStr for ModelName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let first = text.bytes().next();
        let valid = first.is_some_and(|first| first.is_ascii_alphanumeric())
            && text.len() <= 64
            && !RESERVED.iter().any(|ending| text.ends_with(ending))
            && text.bytes().all(plain);
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName(text.to_owned()))
        }
    }
}

impl ModelName {
    /// The name as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_paths() {
        for name in ["bike-sharing", "a", "7.2_b", &"x".repeat(64)] {
            assert!(name.parse::<ModelName>().is_ok(), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            ".a",
            "a/b",
            "a b",
            "ä",
            "a.wasm",
            "a.retired",
            "00000000000000000001-a.parquet",
            &"x".repeat(65),
        ] {
            assert!(name.parse::<ModelName>().is_err(), "{name}");
        }
    }
}
