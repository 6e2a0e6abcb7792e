//! Spans: of a request, and of the calls of models that it led to.

use std::borrow::Cow;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use tokio::task_local;

use super::Tracer;

task_local! {
    static CURRENT: Traced;
}

/// What a request says about the trace that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parent {
    /// The trace.
    pub(crate) trace: u128,
    /// The span that sent the request.
    pub(crate) span: u64,
    /// Whether the trace is recorded.
    pub(crate) is_sampled: bool,
    /// What other vendors say about it (`tracestate`), to be passed on.
    pub(crate) state: String,
}

/// A request that is traced.
#[derive(Clone)]
pub(crate) struct Traced(Arc<Current>);

struct Current {
    tracer: Arc<Tracer>,
    trace: u128,
    span: u64,
    parent: Option<Parent>,
    start: SystemTime,
    model: OnceLock<Called>,
}

/// A model, as it was called.
#[derive(Debug, Clone)]
pub(super) struct Called {
    pub(super) name: String,
    pub(super) version: String,
}

/// A request with its answer.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// One of the methods that are well known.
    pub(crate) method: &'static str,
    /// The route that it matched.
    pub(crate) route: Option<String>,
    pub(crate) path: String,
    pub(crate) scheme: &'static str,
    pub(crate) client: Option<IpAddr>,
    pub(crate) user_agent: Option<String>,
    pub(crate) status: u16,
}

/// A span that has ended.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) trace: u128,
    pub(super) id: u64,
    pub(super) parent: Option<u64>,
    /// Whether the parent is of another process.
    pub(super) is_entry: bool,
    pub(super) state: String,
    pub(super) start: SystemTime,
    pub(super) end: SystemTime,
    /// The model that was called, by a request if by any.
    pub(super) model: Option<Called>,
    pub(super) what: What,
}

/// What a span is of.
#[derive(Debug)]
pub(super) enum What {
    Exchange(Exchange),
    /// A call with so many rows, and why it failed.
    Call(usize, Option<&'static str>),
}

impl Traced {
    pub(super) fn new(tracer: Arc<Tracer>, parent: Option<Parent>) -> Self {
        let trace = parent.as_ref().map(|parent| parent.trace);
        Self(Arc::new(Current {
            tracer,
            trace: trace.unwrap_or_else(|| fastrand::u128(1..)),
            span: fastrand::u64(1..),
            parent,
            start: SystemTime::now(),
            model: OnceLock::new(),
        }))
    }

    /// The trace.
    pub(crate) fn trace(&self) -> u128 {
        self.0.trace
    }

    /// What comes of a future; meanwhile this is the current request.
    pub(crate) async fn scope<F: Future>(&self, future: F) -> F::Output {
        CURRENT.scope(self.clone(), future).await
    }

    /// Ends the request's span.
    pub(crate) fn end(self, exchange: Exchange) {
        let Current { tracer, parent, .. } = &*self.0;
        tracer.note(Span {
            id: self.0.span,
            parent: parent.as_ref().map(|parent| parent.span),
            is_entry: true,
            model: self.0.model.get().cloned(),
            what: What::Exchange(exchange),
            ..self.span(self.0.start)
        });
    }

    fn span(&self, start: SystemTime) -> Span {
        let Current { parent, .. } = &*self.0;
        Span {
            trace: self.0.trace,
            id: fastrand::u64(1..),
            parent: Some(self.0.span),
            is_entry: false,
            state: parent
                .as_ref()
                .map_or_else(String::new, |p| p.state.clone()),
            start,
            end: SystemTime::now().max(start),
            model: None,
            what: What::Call(0, None),
        }
    }
}

/// The request that is worked on, if it is traced.
pub(crate) fn current() -> Option<Traced> {
    CURRENT.try_with(Traced::clone).ok()
}

/// What comes of work on another thread for a request.
pub(crate) fn within<T>(traced: Option<Traced>, work: impl FnOnce() -> T) -> T {
    match traced {
        None => work(),
        Some(traced) => CURRENT.sync_scope(traced, work),
    }
}

/// Notes a call of a version of a model for the current request, which has just ended: it took
/// some time, or failed for a reason after some time.
pub(crate) fn call(
    model: &str,
    version: &str,
    rows: usize,
    result: Result<Duration, (Duration, &'static str)>,
) {
    let Some(traced) = current() else { return };
    let called = Called {
        name: model.to_owned(),
        version: version.to_owned(),
    };
    let (duration, failure) = match result {
        Ok(duration) => (duration, None),
        Err((duration, reason)) => (duration, Some(reason)),
    };
    let now = SystemTime::now();
    // A request is said to be about the first one if it calls several.
    let _ = traced.0.model.set(called.clone());
    let span = Span {
        model: Some(called),
        what: What::Call(rows, failure),
        ..traced.span(now.checked_sub(duration).unwrap_or(now))
    };
    traced.0.tracer.note(span);
}

impl Span {
    /// Its name, of which there are few.
    pub(super) fn name(&self) -> Cow<'static, str> {
        match &self.what {
            What::Call(..) => "model call".into(),
            What::Exchange(Exchange { method, route, .. }) => match route {
                Some(route) => format!("{method} {route}").into(),
                None => (*method).into(),
            },
        }
    }
}
