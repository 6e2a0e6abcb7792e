//! Cross-origin resource sharing (<https://fetch.spec.whatwg.org/#http-cors-protocol>): which web
//! pages of other origins may use the server.

use std::str::FromStr;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};

use axum_core::body::Body;
use axum_core::response::Response;

/// Headers that a page may send beyond those that are always allowed.
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, inference-header-content-length, traceparent, tracestate, \
     x-api-key, x-request-id",
);
/// Headers of an answer that a page may read beyond those that are always allowed.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "inference-header-content-length, retry-after, x-model-digest, x-model-version, x-request-id",
);
/// Seconds for which a browser remembers the answer to a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// Asks with which method the page will send the request.
const REQUEST_METHOD: HeaderName = header::ACCESS_CONTROL_REQUEST_METHOD;

/// An origin whose pages may use the server: a scheme, a host and a port, or any (`*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let origin = if text == "*" {
            Some("*".to_owned())
        } else {
            text.parse().ok().and_then(|uri| origin(&uri, text))
        };
        let value = origin.and_then(|origin| HeaderValue::from_str(&origin).ok());
        let expected = || format!("expected an origin such as https://app.example, or *: {text}");
        value.map(Self).ok_or_else(expected)
    }
}

/// An origin as browsers write it: in lower case, without the port that its scheme implies.
fn origin(uri: &Uri, text: &str) -> Option<String> {
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let is_host_and_port = !authority.as_str().contains(['@', '*']);
    let is_alone = uri.path() == "/" && uri.query().is_none() && !text.ends_with('/');
    let authority = authority.as_str().to_ascii_lowercase();
    let authority = authority.strip_suffix(port).unwrap_or(&authority);
    (is_host_and_port && is_alone).then(|| format!("{scheme}://{authority}"))
}

/// The origins whose pages may use the server.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins(Vec<Origin>);

impl Origins {
    pub(super) fn new(origins: Vec<Origin>) -> Self {
        Self(origins)
    }

    /// Whether a request comes from a page that may use the server.
    pub(super) fn allow(&self, headers: &HeaderMap) -> bool {
        self.allowed(headers).is_some()
    }

    /// The answer to a preflight for a path whose routes have these methods; none if the request
    /// is not a preflight of an allowed origin.
    pub(super) fn preflight(&self, headers: &HeaderMap, methods: &str) -> Option<Response> {
        self.allowed(headers)?;
        headers.get(REQUEST_METHOD)?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let answer = response.headers_mut();
        let methods = HeaderValue::from_str(methods).ok()?;
        answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        answer.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        Some(response)
    }

    /// Adds to an answer what lets a page of an allowed origin read it. Credentials of the browser
    /// are never allowed: a page sends its token or key itself.
    pub(super) fn add(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        answer.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = self.allowed(request) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }

    /// The configured origin that a request comes from.
    fn allowed(&self, headers: &HeaderMap) -> Option<&HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        let mut origins = self.0.iter().map(|Origin(allowed)| allowed);
        origins.find(|allowed| *allowed == origin || *allowed == "*")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_compared_as_browsers_write_it() {
        for (text, origin) in [
            ("HTTPS://App.Example:443", "https://app.example"),
            ("http://app.example:80", "http://app.example"),
            ("http://app.example:443", "http://app.example:443"),
            ("http://[::1]:3000", "http://[::1]:3000"),
        ] {
            let parsed: Origin = text.parse().unwrap();
            assert_eq!(parsed.0, origin, "{text}");
        }
    }

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_no_path() {
        for text in ["*", "https://app.example", "http://localhost:3000"] {
            assert!(text.parse::<Origin>().is_ok(), "{text}");
        }
        for text in [
            "",
            "app.example",
            "https://app.example/",
            "https://app.example/x",
            "https://user@app.example",
            "https://*.example",
            "https://app.example?",
            "ftp://app.example",
            "null",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
