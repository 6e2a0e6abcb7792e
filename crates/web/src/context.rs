//! The request context: request id, trace and, if recorded, span.

use std::net::IpAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use canopy_telemetry::context::RequestContext;
use canopy_telemetry::otlp::{self, Exchange, Tracer};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// Maximum length of a `tracestate` that is passed on, in bytes.
const MAX_TRACESTATE: usize = 512;
/// Maximum length of a `user-agent` that is recorded, in bytes.
const USER_AGENT: usize = 256;

/// Creates the request context, and the request id as a response header.
///
/// The id is the client's `x-request-id` if it is short and printable. The trace is taken from
/// `traceparent` (W3C Trace Context, 2021), which correlates the log with those of other services.
pub(super) fn begin(head: &Parts, tracer: Option<&Tracer>) -> (RequestContext, HeaderValue) {
    let id = request_id(&head.headers);
    let parent = parent(&head.headers);
    let span = tracer.and_then(|tracer| {
        let parent = parent.and_then(|parent| parent.to_otlp(&head.headers));
        tracer.begin(parent)
    });
    let trace = match parent {
        Some(parent) => Some(parent.trace.to_owned()),
        None => span.as_ref().map(otlp::RequestSpan::trace),
    };
    let context = RequestContext::new(
        id.to_str().unwrap_or_default().to_owned(),
        trace,
        parent.map(|parent| parent.span.to_owned()),
        span,
    );
    (context, id)
}

/// The span attributes of an answered request.
pub(super) fn exchange(
    head: &Parts,
    method: &'static str,
    route: Option<&'static str>,
    scheme: &'static str,
    client: IpAddr,
    status: u16,
) -> Exchange {
    Exchange {
        // The name in OpenTelemetry's semantic conventions.
        method: if method == "OTHER" { "_OTHER" } else { method },
        route,
        path: head.uri.path().to_owned(),
        scheme,
        client: Some(client),
        user_agent: text(&head.headers, header::USER_AGENT, USER_AGENT),
        status,
    }
}

/// The method as a label of bounded cardinality: unknown methods share one value.
pub(super) fn standard_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "OTHER",
    }
}

/// The client's request id if it is short and printable, otherwise a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(REQUEST_ID);
    let reasonable = |id: &&HeaderValue| {
        (1..=128).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
    };
    match given.filter(reasonable) {
        Some(id) => id.clone(),
        None => new_id(),
    }
}

/// An id that is unique in this process, and very likely across processes.
fn new_id() -> HeaderValue {
    static PROCESS: LazyLock<String> = LazyLock::new(|| {
        use std::hash::{BuildHasher as _, RandomState};
        format!("{:016x}-", RandomState::new().hash_one(std::process::id()))
    });
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut text = String::with_capacity(PROCESS.len() + 16);
    text.push_str(&PROCESS);
    // Several times faster than `format!`.
    let digits = 16 - (count | 1).leading_zeros() / 4;
    let digit = |place| char::from_digit((count >> (4 * place)) as u32 & 15, 16);
    text.extend((0..digits).rev().filter_map(digit));
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// A header as text, unless it is longer than `max_length`.
fn text(headers: &HeaderMap, name: HeaderName, max_length: usize) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= max_length).then(|| value.to_owned())
}

/// The parent of a request in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parent<'a> {
    /// Trace id, 32 hexadecimal digits.
    trace: &'a str,
    /// Id of the calling span, 16 hexadecimal digits.
    span: &'a str,
    /// Whether the trace is recorded.
    is_sampled: bool,
}

impl Parent<'_> {
    fn to_otlp(self, headers: &HeaderMap) -> Option<otlp::Parent> {
        Some(otlp::Parent {
            trace: u128::from_str_radix(self.trace, 16).ok()?,
            span: u64::from_str_radix(self.span, 16).ok()?,
            is_sampled: self.is_sampled,
            state: text(headers, TRACESTATE, MAX_TRACESTATE).unwrap_or_default(),
        })
    }
}

/// Parses `traceparent`; later versions may append fields.
fn parent(headers: &HeaderMap) -> Option<Parent<'_>> {
    let mut parts = headers.get(TRACEPARENT)?.to_str().ok()?.split('-');
    let [version, trace, span, flags] = [(); 4].map(|()| parts.next().unwrap_or_default());
    let is_hex = |part: &str, length: usize| {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        part.len() == length && part.bytes().all(is_digit)
    };
    let is_set = |part: &str| part.bytes().any(|byte| byte != b'0');
    let is_whole = is_hex(version, 2) && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2);
    let is_known = version != "ff" && (version != "00" || parts.next().is_none());
    let is_valid = is_whole && is_known && is_set(trace) && is_set(span);
    is_valid.then(|| Parent {
        trace,
        span,
        is_sampled: u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn is_taken(value: &str) -> bool {
        let header = (TRACEPARENT, HeaderValue::from_str(value).unwrap());
        let headers = HeaderMap::from_iter([header]);
        let found = parent(&headers);
        assert!(found.is_none_or(|parent| parent.trace == TRACE && parent.span == SPAN));
        found.is_some()
    }

    #[test]
    fn only_a_whole_header_names_a_parent() {
        assert!(is_taken(&format!("00-{TRACE}-{SPAN}-01")));
        assert!(is_taken(&format!("cc-{TRACE}-{SPAN}-01-what-comes")));
        for wrong in [
            String::new(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
        ] {
            assert!(!is_taken(&wrong), "{wrong}");
        }
        assert_eq!(parent(&HeaderMap::new()), None);
    }
}
