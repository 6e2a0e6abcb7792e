//! Headers that tell browsers to be careful.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use HeaderValue as Value;

/// Answers are data: nothing in them is to be shown, framed or run.
const DATA: Value = Value::from_static("default-src 'none'; frame-ancestors 'none'");
/// Pages of the host use only what the host serves; Swagger UI styles its elements one by one.
pub(super) const PAGE: Value = Value::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
/// What every answer has.
const ALWAYS: [(HeaderName, Value); 3] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        Value::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, Value::from_static("DENY")),
    (header::REFERRER_POLICY, Value::from_static("no-referrer")),
];
/// What an answer over TLS has: this host is not to be visited without it for half a year.
const STRICT: Value = Value::from_static("max-age=15768000");

/// Adds the headers to those of an answer; a page has brought its own policy.
pub(super) fn add(headers: &mut HeaderMap, is_tls: bool) {
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
