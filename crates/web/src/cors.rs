//! Cross-origin resource sharing (<https://fetch.spec.whatwg.org/#http-cors-protocol>): allowed
//! origins, preflights and response headers.

use std::str::FromStr;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};

use axum_core::body::Body;
use axum_core::response::Response;

/// Request headers that a page may send besides the safelisted ones.
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, inference-header-content-length, traceparent, tracestate, \
     x-api-key, x-request-id",
);
/// Response headers that a page may read besides the safelisted ones.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "inference-header-content-length, retry-after, x-model-digest, x-model-version, x-request-id",
);
/// How long a browser may cache a preflight, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// The method of the request that a preflight announces.
const REQUEST_METHOD: HeaderName = header::ACCESS_CONTROL_REQUEST_METHOD;

/// An allowed origin: scheme, host and port, or any origin (`*`).
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

/// The origin as browsers serialize it: in lower case, without the scheme's default port.
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

/// The allowed origins.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins(Vec<Origin>);

impl Origins {
    pub(super) fn new(origins: Vec<Origin>) -> Self {
        Self(origins)
    }

    /// Whether a request comes from a page of an allowed origin.
    pub(super) fn allow(&self, headers: &HeaderMap) -> bool {
        self.allowed(headers).is_some()
    }

    /// Answers a preflight for a path with these methods; `None` if the request is not a preflight
    /// from an allowed origin.
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

    /// Adds the CORS headers to a response. The browser's credentials are never allowed: a page
    /// sends its token or API key itself.
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

    /// The allowed origin that a request comes from.
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
