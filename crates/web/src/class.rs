//! Classes of requests, by the permit that they take.

use std::fmt::{self, Display};

/// Which permit a request takes before its handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// None: it is answered from memory.
    Open,
    /// One of those for calls that take microseconds, made on the thread that reads requests.
    Fast,
    /// One of the background pool.
    Background,
    /// As [`Self::Fast`] if its body is known to be small, else as [`Self::Background`].
    BySize,
    /// One of those for bodies that are components.
    Upload,
}

impl Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Fast => "fast",
            Self::Background => "background",
            Self::BySize => "fast or background",
            Self::Upload => "upload",
        })
    }
}
