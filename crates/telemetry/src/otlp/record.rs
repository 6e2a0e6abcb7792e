//! Ended spans, as they wait in the queue.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::SystemTime;

/// The model version that was called.
#[derive(Debug, Clone)]
pub(super) struct CalledVersion {
    pub(super) name: String,
    pub(super) version: String,
}

/// A request and its response.
#[derive(Debug)]
pub struct Exchange {
    /// The method, with a bounded set of values.
    pub method: &'static str,
    /// The matched route.
    pub route: Option<&'static str>,
    /// The path.
    pub path: String,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// The `user-agent` header.
    pub user_agent: Option<String>,
    /// The status code.
    pub status: u16,
}

/// An ended span.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) trace: u128,
    pub(super) id: u64,
    pub(super) parent: Option<u64>,
    /// Whether the parent belongs to another process.
    pub(super) is_entry: bool,
    pub(super) state: String,
    pub(super) start: SystemTime,
    pub(super) end: SystemTime,
    /// The model version that was called, if any.
    pub(super) model: Option<CalledVersion>,
    pub(super) operation: Operation,
}

/// What a span represents.
#[derive(Debug)]
pub(super) enum Operation {
    Exchange(Exchange),
    /// A call: its number of rows, and the reason if it failed.
    Call(usize, Option<&'static str>),
}

impl Span {
    /// Its name, of low cardinality.
    pub(super) fn name(&self) -> Cow<'static, str> {
        match &self.operation {
            Operation::Call(..) => "model call".into(),
            Operation::Exchange(Exchange { method, route, .. }) => match route {
                Some(route) => format!("{method} {route}").into(),
                None => (*method).into(),
            },
        }
    }
}
