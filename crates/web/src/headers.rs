//! Security headers.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use HeaderValue as Value;

/// Content security policy of data: nothing may be loaded, framed or run.
const DATA: Value = Value::from_static("default-src 'none'; frame-ancestors 'none'");
/// Headers of every response.
const ALWAYS: [(HeaderName, Value); 3] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        Value::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, Value::from_static("DENY")),
    (header::REFERRER_POLICY, Value::from_static("no-referrer")),
];
/// Header of every response over TLS: browsers require TLS for this host for half a year.
const STRICT: Value = Value::from_static("max-age=15768000");

/// Adds the security headers to a response; a page keeps its own policy.
pub(super) fn secure(headers: &mut HeaderMap, is_tls: bool) {
    headers.reserve(ALWAYS.len() + 2);
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    let policy = headers.entry(header::CONTENT_SECURITY_POLICY);
    policy.or_insert(DATA);
    if is_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT);
    }
}
