//! Spans that have ended, as they wait to be exported.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::SystemTime;

/// A model, as it was called.
#[derive(Debug, Clone)]
pub(super) struct Called {
    pub(super) name: String,
    pub(super) version: String,
}

/// A request with its answer.
#[derive(Debug)]
pub struct Exchange {
    /// The method, one of those that are well known.
    pub method: &'static str,
    /// The route that it matched.
    pub route: Option<&'static str>,
    /// The path.
    pub path: String,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// Status of the answer.
    pub status: u16,
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
