//! The URL that spans are sent to.

use std::fmt::{self, Display};

use http::Uri;
use http::uri::Scheme;

/// The `http` or `https` URL that spans are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Uri);

impl Endpoint {
    /// The endpoint of a collector: the path `/v1/traces` below its base URL.
    ///
    /// # Errors
    ///
    /// If it is not a valid URL.
    pub(super) fn of_collector(url: &str) -> Result<Self, String> {
        if Self::of_traces(url)?.0.query().is_some() {
            return Err("expected a URL without a query".to_owned());
        }
        Self::of_traces(&format!("{}/v1/traces", url.trim_end_matches('/')))
    }

    /// The endpoint with a complete URL.
    ///
    /// # Errors
    ///
    /// If it is not a valid URL.
    pub(super) fn of_traces(url: &str) -> Result<Self, String> {
        let expected = || "expected http://HOST[:PORT][/PATH] or https://…".to_owned();
        let uri: Uri = url.parse().map_err(|_| expected())?;
        let is_http = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&uri.scheme());
        if !is_http || uri.host().is_none_or(str::is_empty) {
            return Err(expected());
        }
        if uri
            .authority()
            .is_some_and(|host| host.as_str().contains('@'))
        {
            return Err(
                "expected a URL without a password: set OTEL_EXPORTER_OTLP_HEADERS instead"
                    .to_owned(),
            );
        }
        Ok(Self(uri))
    }

    /// The whole URL.
    pub(super) fn url(&self) -> String {
        self.0.to_string()
    }

    /// Whether the connection is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.0.scheme() == Some(&Scheme::HTTPS)
    }
}

impl Display for Endpoint {
    /// The URL without its query, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url();
        f.write_str(url.split_once('?').map_or(&*url, |(url, _)| url))
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn spans_go_to_a_path_below_the_url_of_a_collector() {
        for (url, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://collector/", "https://collector/v1/traces"),
            ("http://[::1]:1/a/b/", "http://[::1]:1/a/b/v1/traces"),
        ] {
            let endpoint = Endpoint::of_collector(url).unwrap();
            assert_eq!(endpoint.url(), expected);
            assert_eq!(endpoint.is_encrypted(), url.starts_with("https"));
        }
        let whole = Endpoint::of_traces("http://collector/a?b=1").unwrap();
        assert_eq!(whole.url(), "http://collector/a?b=1");
        assert_eq!(whole.to_string(), "http://collector/a");
    }

    #[test]
    fn only_urls_of_http_without_a_password_are_endpoints() {
        for url in [
            "collector:4318",
            "/v1/traces",
            "grpc://collector",
            "http://",
            "http://user:password@collector",
            "",
        ] {
            assert!(Endpoint::of_traces(url).is_err(), "{url}");
            assert!(Endpoint::of_collector(url).is_err(), "{url}");
        }
        assert!(Endpoint::of_collector("http://collector/a?b=1").is_err());
    }
}
