//! Request classes: which permit a request takes.

use std::fmt::{self, Display};

/// Which permit a request takes once its body has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// No permit: answered from memory.
    Open,
    /// A permit for calls of microseconds, made on the thread that reads requests.
    Fast,
    /// A permit of the background pool.
    Background,
    /// A permit of the pool for evaluations.
    Evaluation,
    /// [`Self::Fast`] if the body is known to be small, otherwise [`Self::Background`].
    BySize,
    /// A permit for uploading a component.
    Upload,
}

impl Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Fast => "fast",
            Self::Background => "background",
            Self::Evaluation => "evaluation",
            Self::BySize => "fast or background",
            Self::Upload => "upload",
        })
    }
}
