//! Where traces go.

use std::fmt::{self, Display};
use std::str::FromStr;

use clap::Args;
use hyper::Uri;

/// Where traces go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Traces")]
#[group(id = "otlp-config")]
pub struct Config {
    /// OpenTelemetry collector that is sent a span of every request and every call of a model, as
    /// OTLP over HTTP; such as http://127.0.0.1:4318 [default: none].
    #[arg(
        long = "otlp-endpoint",
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_name = "URL"
    )]
    pub endpoint: Option<Endpoint>,
    /// Share of the requests that are traced, of those whose `traceparent` does not decide it.
    #[arg(
        long = "otlp-sample-ratio",
        env = "OTEL_TRACES_SAMPLER_ARG",
        default_value = "1",
        value_name = "SHARE",
        value_parser = share
    )]
    pub sample_ratio: f64,
}

/// A collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Host and port to connect to.
    pub address: String,
    /// Path that spans are posted to.
    pub path: String,
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|_| "expected a URL".to_owned())?;
        let (scheme, host) = (uri.scheme_str(), uri.host());
        match (scheme, host, uri.query()) {
            (Some("http"), Some(host), None) => Ok(Self {
                address: format!("{host}:{}", uri.port_u16().unwrap_or(80)),
                path: format!("{}/v1/traces", uri.path().trim_end_matches('/')),
            }),
            (Some("https"), ..) => Err(
                "spans are not encrypted: name a collector on this machine, http://…, which can"
                    .to_owned(),
            ),
            _ => Err("expected http://HOST[:PORT][/PATH]".to_owned()),
        }
    }
}

impl Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.address, self.path)
    }
}

/// A share, from none to all.
fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_the_base_of_a_path() {
        for (url, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://collector/", "http://collector:80/v1/traces"),
            ("http://[::1]:1/a/b/", "http://[::1]:1/a/b/v1/traces"),
        ] {
            assert_eq!(url.parse::<Endpoint>().unwrap().to_string(), expected);
        }
        for url in [
            "collector:4318",
            "/v1/traces",
            "https://collector",
            "grpc://c",
            "",
        ] {
            assert!(url.parse::<Endpoint>().is_err(), "{url}");
        }
        assert!(
            ["-1", "1.1", "NaN", ""]
                .into_iter()
                .all(|text| share(text).is_err())
        );
    }
}
