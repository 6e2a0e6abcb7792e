//! Which trace a request belongs to: the header `traceparent` of the W3C recommendation
//! "Trace Context" (2021), so that the log can be read beside those of other services.

use axum::http::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A request's place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parent<'a> {
    /// The trace, in 32 hexadecimal digits.
    pub(super) trace: &'a str,
    /// The span that sent the request, in 16 hexadecimal digits.
    pub(super) span: &'a str,
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
    (is_whole && is_known && is_set(trace) && is_set(span)).then_some(Parent { trace, span })
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
