//! The request context: id, trace, span and user of the request being handled.
//!
//! It is created once the head of a request has been read and follows the request to every task
//! and thread that works on it: [`scope`] sets it for a future, [`within`] for a closure on another
//! thread. [`spawn`] and [`spawn_blocking`] propagate it automatically; the workspace's lints forbid
//! tokio's own.
//!
//! A `tracing` span could carry the same data, but would be created, formatted and torn down for
//! every request, although hardly any request logs a line.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::otlp::RequestSpan;

tokio::task_local! {
    static CURRENT: Arc<RequestContext>;
}

/// The identity of a request, for logs and traces.
pub struct RequestContext {
    /// The request id, which appears in the response and in every log line of the request.
    pub id: String,
    /// The id of the trace that the request belongs to: 32 hexadecimal digits.
    pub trace: Option<String>,
    /// The id of the client's span that sent the request: 16 hexadecimal digits.
    pub parent: Option<String>,
    /// The request's own span, if it is recorded.
    pub span: Option<RequestSpan>,
    user: OnceLock<String>,
    address: OnceLock<IpAddr>,
}

impl RequestContext {
    /// Creates the context of a request whose user is not known yet.
    #[must_use]
    pub fn new(
        id: String,
        trace: Option<String>,
        parent: Option<String>,
        span: Option<RequestSpan>,
    ) -> Self {
        Self {
            id,
            trace,
            parent,
            span,
            user: OnceLock::new(),
            address: OnceLock::new(),
        }
    }

    /// Sets the address that the request came from. Only the first call has an effect.
    pub fn came_from(&self, address: IpAddr) {
        let _ = self.address.set(address);
    }

    /// The address that the request came from: the client's, or that of a proxy.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address.get().copied()
    }

    /// Sets the user who sent the request. Only the first call has an effect.
    pub fn identify(&self, user: String) {
        let _ = self.user.set(user);
    }

    /// The user who sent the request, once authenticated.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.get().map(String::as_str)
    }

    /// The fields that identify the request in log lines, by name.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            ("id", Some(self.id.as_str())),
            ("trace", self.trace.as_deref()),
            ("parent", self.parent.as_deref()),
            ("user", self.user()),
        ];
        let known = fields.into_iter();
        known.filter_map(|(name, value)| Some((name, value?)))
    }
}

/// Wraps a future so that it runs in the context of a request.
pub fn scope<F: Future>(
    context: Arc<RequestContext>,
    future: F,
) -> impl Future<Output = F::Output> {
    CURRENT.scope(context, future)
}

/// The context of the request being handled, if any.
#[must_use]
pub fn current() -> Option<Arc<RequestContext>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Runs a closure in the context of a request.
pub fn within<T>(context: Option<Arc<RequestContext>>, work: impl FnOnce() -> T) -> T {
    match context {
        None => work(),
        Some(context) => CURRENT.sync_scope(context, work),
    }
}

/// Spawns a task that inherits the current request context.
#[expect(
    clippy::disallowed_methods,
    reason = "this wrapper propagates the context"
)]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    match current() {
        None => tokio::spawn(future),
        Some(context) => tokio::spawn(scope(context, future)),
    }
}

/// Runs a closure on a thread that may block, in the current request context.
#[expect(
    clippy::disallowed_methods,
    reason = "this wrapper propagates the context"
)]
pub fn spawn_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let context = current();
    tokio::task::spawn_blocking(|| within(context, work))
}

/// Records a call of a model version that has just ended as a child of the current request's span.
/// `result` holds how long the call took and, if it failed, the reason.
pub fn record_call(
    model: &str,
    version: &str,
    rows: usize,
    result: Result<Duration, (Duration, &'static str)>,
) {
    let record = |context: &Arc<RequestContext>| {
        if let Some(span) = &context.span {
            span.record_call(model, version, rows, result);
        }
    };
    // Outside of requests there is no span to add it to.
    let _ = CURRENT.try_with(record);
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// The id and user of the current request, and the current thread.
    fn look() -> (Option<(String, String)>, thread::ThreadId) {
        let known = current().map(|context| {
            let user = context.user().unwrap_or_default().to_owned();
            (context.id.clone(), user)
        });
        (known, thread::current().id())
    }

    fn request() -> Arc<RequestContext> {
        let request = RequestContext::new("its-id".into(), None, None, None);
        request.identify("ada".into());
        Arc::new(request)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn work_on_another_thread_keeps_the_request_context() {
        let known = Some(("its-id".to_owned(), "ada".to_owned()));
        let here = thread::current().id();
        let (task, nested, blocking) = scope(request(), async {
            let task = spawn(async {
                let nested = spawn_blocking(look).await.unwrap();
                (look(), nested)
            });
            let (task, nested) = task.await.unwrap();
            (task, nested, spawn_blocking(look).await.unwrap())
        })
        .await;
        for (context, thread) in [task, nested, blocking] {
            assert_eq!(context, known);
            assert_ne!(thread, here);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_context_ends_with_the_work_it_was_for() {
        scope(request(), async {
            spawn(async {}).await.unwrap();
            spawn_blocking(|| ()).await.unwrap();
        })
        .await;
        // The task reuses the same threads.
        assert_eq!(spawn(async { look().0 }).await.unwrap(), None);
        assert_eq!(spawn_blocking(|| look().0).await.unwrap(), None);
        assert_eq!(within(None, || look().0), None);
        assert_eq!(look().0, None);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_user_who_is_known_later_is_known_on_every_thread() {
        let request = Arc::new(RequestContext::new("its-id".into(), None, None, None));
        let (sender, identified) = tokio::sync::oneshot::channel();
        let task = within(Some(Arc::clone(&request)), || {
            spawn(async move {
                identified.await.unwrap();
                look().0
            })
        });
        request.identify("ada".into());
        request.identify("eve".into());
        sender.send(()).unwrap();
        let known = Some(("its-id".to_owned(), "ada".to_owned()));
        assert_eq!(task.await.unwrap(), known);
    }
}
