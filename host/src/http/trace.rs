//! Which trace a request belongs to: the header `traceparent` of the W3C recommendation
//! "Trace Context" (2021), so that the log can be read beside those of other services; and the
//! request's own span in it.

use axum::http::{HeaderMap, HeaderName, Request, header};
use axum::response::Response;

use super::connection::Peer;
use super::observe::{UNMATCHED, standard_name};
use crate::host::Host;
use crate::otlp::{self, Exchange, Traced};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// Most bytes of a `tracestate` that are passed on.
const STATE: usize = 512;
/// Most bytes of a client's name for itself.
const USER_AGENT: usize = 256;

/// A request's place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parent<'a> {
    /// The trace, in 32 hexadecimal digits.
    pub(super) trace: &'a str,
    /// The span that sent the request, in 16 hexadecimal digits.
    pub(super) span: &'a str,
    /// Whether the trace is recorded.
    pub(super) is_sampled: bool,
}

/// The span of a request, and what will be said about it.
pub(super) struct Begun {
    traced: Traced,
    exchange: Exchange,
}

/// Begins the span of a request to the route `endpoint`, if the host traces it.
pub(super) fn begin<B>(
    host: &Host,
    endpoint: &str,
    request: &Request<B>,
    parent: Option<Parent<'_>>,
) -> Option<Begun> {
    let tracer = host.tracer.as_ref()?;
    let text = |name: HeaderName, most: usize| {
        let value = request.headers().get(name)?.to_str().ok()?;
        (value.len() <= most).then(|| value.to_owned())
    };
    let parent = parent.and_then(|parent| {
        Some(otlp::Parent {
            trace: u128::from_str_radix(parent.trace, 16).ok()?,
            span: u64::from_str_radix(parent.span, 16).ok()?,
            is_sampled: parent.is_sampled,
            state: text(TRACESTATE, STATE).unwrap_or_default(),
        })
    });
    let traced = tracer.begin(parent)?;
    let method = match standard_name(request.method()) {
        "OTHER" => "_OTHER",
        method => method,
    };
    let peer = request.extensions().get::<Peer>();
    let exchange = Exchange {
        method,
        route: (endpoint != UNMATCHED).then(|| endpoint.to_owned()),
        path: request.uri().path().to_owned(),
        scheme: if host.tls.is_some() { "https" } else { "http" },
        client: peer.map(|peer| peer.0),
        user_agent: text(header::USER_AGENT, USER_AGENT),
        status: 0,
    };
    Some(Begun { traced, exchange })
}

impl Begun {
    /// The trace, in 32 hexadecimal digits.
    pub(super) fn trace(&self) -> String {
        format!("{:032x}", self.traced.trace())
    }

    /// The answer to the request, and its span ended.
    pub(super) async fn end(mut self, answer: impl Future<Output = Response>) -> Response {
        let answer = self.traced.scope(answer).await;
        self.exchange.status = answer.status().as_u16();
        self.traced.end(self.exchange);
        answer
    }
}

/// The parent of a request, if it names one as it should; later versions may say more after it.
pub(super) fn parent(headers: &HeaderMap) -> Option<Parent<'_>> {
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
    use axum::http::HeaderValue;

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
