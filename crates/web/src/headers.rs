//! Headers that tell browsers to be careful.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use HeaderValue as Value;

/// Answers are data: nothing in them is to be shown, framed or run.
const DATA: Value = Value::from_static("default-src 'none'; frame-ancestors 'none'");
/// What every answer has.
const ALWAYS: [(HeaderName, Value); 3] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        Value::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, Value::from_static("DENY")),
    (header::REFERRER_POLICY, Value::from_static("no-referrer")),
];
/// What an answer over TLS has: browsers use nothing but TLS with this host for half a year.
const STRICT: Value = Value::from_static("max-age=15768000");

/// Adds the headers to those of an answer; a page has brought its own policy.
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
