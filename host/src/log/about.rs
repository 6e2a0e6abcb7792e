//! Which request a line of the log is about.
//!
//! A span of `tracing` would say the same, but be made, formatted and taken apart again with every
//! request, of which hardly any logs a line.

use std::sync::{Arc, OnceLock};

use tokio::task::JoinHandle;

tokio::task_local! {
    static CURRENT: Arc<About>;
}

/// What the lines of a request say of it.
#[derive(Debug)]
pub(crate) struct About {
    /// The request's id.
    pub(crate) id: String,
    /// The trace it belongs to, in 32 hexadecimal digits.
    pub(crate) trace: Option<String>,
    /// The span that sent it, in 16 hexadecimal digits.
    pub(crate) parent: Option<String>,
    /// Who sent it, once that is known.
    pub(crate) user: OnceLock<String>,
}

impl About {
    /// What is known, by name.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            ("id", Some(&self.id)),
            ("trace", self.trace.as_ref()),
            ("parent", self.parent.as_ref()),
            ("user", self.user.get()),
        ];
        let known = fields.into_iter();
        known.filter_map(|(name, value)| Some((name, value?.as_str())))
    }
}

/// What comes of a future that works on a request.
pub(crate) fn scope<F: Future>(about: Arc<About>, future: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(about, future)
}

/// The request that is worked on.
pub(crate) fn current() -> Option<Arc<About>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// What comes of work on another thread for a request.
pub(crate) fn within<T>(about: Option<Arc<About>>, work: impl FnOnce() -> T) -> T {
    match about {
        None => work(),
        Some(about) => CURRENT.sync_scope(about, work),
    }
}

/// Does work for the request on a thread that may block.
pub(crate) fn spawn_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let about = current();
    tokio::task::spawn_blocking(|| within(about, work))
}

/// Notes who sent the request that is worked on.
pub(crate) fn is_from(user: String) {
    // A request has one user; there is nothing to note it in where none is worked on.
    let _ = CURRENT.try_with(|about| about.user.set(user));
}
