//! Classes of requests, by the permit that they take.

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
