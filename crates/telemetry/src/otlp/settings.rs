//! The standard OpenTelemetry variables, validated before anything is exported.
//!
//! The exporter itself reads the variables for headers and compression, and the resource those for
//! the service, but they ignore invalid values. Here those are errors.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use http::{HeaderName, HeaderValue};
use opentelemetry_otlp::{
    OTEL_EXPORTER_OTLP_COMPRESSION, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS,
    OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_EXPORTER_OTLP_TIMEOUT, OTEL_EXPORTER_OTLP_TIMEOUT_DEFAULT,
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
    OTEL_EXPORTER_OTLP_TRACES_HEADERS, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT,
};

use super::config::Config;
use super::endpoint::Endpoint;
use super::sampler::Sampler;

/// Variables that allow only some values, the more specific one first.
const CHOICES: [(&[&str], &[&str]); 3] = [
    (&["OTEL_TRACES_EXPORTER"], &["otlp"]),
    (
        &[
            OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,
            OTEL_EXPORTER_OTLP_PROTOCOL,
        ],
        &["http/protobuf"],
    ),
    (
        &[
            OTEL_EXPORTER_OTLP_TRACES_COMPRESSION,
            OTEL_EXPORTER_OTLP_COMPRESSION,
        ],
        &["gzip", "none"],
    ),
];
const HEADERS: [&str; 2] = [
    OTEL_EXPORTER_OTLP_TRACES_HEADERS,
    OTEL_EXPORTER_OTLP_HEADERS,
];
const TIMEOUT: [&str; 2] = [
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT,
    OTEL_EXPORTER_OTLP_TIMEOUT,
];
const CERTIFICATE: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
];

const CLIENT_CERTIFICATES: [&str; 4] = [
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY",
];

/// Destination and options of trace export.
#[derive(Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) endpoint: Endpoint,
    pub(super) sampler: Sampler,
    /// Timeout of a message.
    pub(super) timeout: Duration,
    /// Certificate authorities that replace the system's, as a PEM file.
    pub(super) certificate: Option<PathBuf>,
}

impl Settings {
    /// Resolves the settings from the command line and the variables; `None` if neither names an
    /// endpoint.
    ///
    /// # Errors
    ///
    /// If a variable is not valid.
    pub(super) fn resolve(
        config: &Config,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> anyhow::Result<Option<Self>> {
        let variables = Variables(variable);
        let endpoint = match &config.endpoint {
            Some(endpoint) => Some(endpoint.clone()),
            None => variables.endpoint()?,
        };
        let Some(endpoint) = endpoint else {
            return Ok(None);
        };
        if variables.is_disabled()? {
            return Ok(None);
        }
        variables.check()?;
        let value =
            |name| Ok::<_, anyhow::Error>(variables.first(&[name])?.map(|(_, value)| value));
        let (name, argument) = (
            value("OTEL_TRACES_SAMPLER")?,
            value("OTEL_TRACES_SAMPLER_ARG")?,
        );
        Ok(Some(Self {
            sampler: Sampler::resolve(config.sample_ratio, name.as_deref(), argument.as_deref())?,
            endpoint,
            timeout: variables.timeout()?,
            certificate: variables.first(&CERTIFICATE)?.map(|(_, path)| path.into()),
        }))
    }
}

struct Variables<F>(F);

impl<F: Fn(&str) -> Option<OsString>> Variables<F> {
    /// The first of these variables that is set and not empty, with its name.
    fn first(&self, names: &[&'static str]) -> anyhow::Result<Option<(&'static str, String)>> {
        let set = |name: &&'static str| Some((*name, (self.0)(name)?));
        let mut set = names.iter().filter_map(set);
        let Some((name, value)) = set.find(|(_, value)| !value.is_empty()) else {
            return Ok(None);
        };
        match value.into_string() {
            Ok(value) => Ok(Some((name, value))),
            Err(_) => bail!("{name} is not valid UTF-8"),
        }
    }

    fn endpoint(&self) -> anyhow::Result<Option<Endpoint>> {
        let (name, endpoint) =
            if let Some((name, url)) = self.first(&[OTEL_EXPORTER_OTLP_TRACES_ENDPOINT])? {
                (name, Endpoint::of_traces(&url))
            } else if let Some((name, url)) = self.first(&[OTEL_EXPORTER_OTLP_ENDPOINT])? {
                (name, Endpoint::of_collector(&url))
            } else {
                return Ok(None);
            };
        // Without the value, which may contain a password.
        let endpoint = endpoint.map_err(anyhow::Error::msg);
        endpoint
            .map(Some)
            .with_context(|| format!("{name} is invalid"))
    }

    /// Whether export is disabled despite an endpoint.
    fn is_disabled(&self) -> anyhow::Result<bool> {
        if let Some((name, value)) = self.first(&["OTEL_SDK_DISABLED"])? {
            let is_disabled = value.eq_ignore_ascii_case("true");
            ensure!(
                is_disabled || value.eq_ignore_ascii_case("false"),
                "{name} is {value:?}: expected true or false"
            );
            if is_disabled {
                return Ok(true);
            }
        }
        let exporter = self.first(&["OTEL_TRACES_EXPORTER"])?;
        Ok(exporter.is_some_and(|(_, exporter)| exporter == "none"))
    }

    fn timeout(&self) -> anyhow::Result<Duration> {
        let Some((name, value)) = self.first(&TIMEOUT)? else {
            return Ok(OTEL_EXPORTER_OTLP_TIMEOUT_DEFAULT);
        };
        match value.parse() {
            Ok(milliseconds @ 1..) => Ok(Duration::from_millis(milliseconds)),
            _ => bail!("{name} is {value:?}: expected milliseconds, at least 1"),
        }
    }

    /// Validates what the exporter would silently ignore.
    fn check(&self) -> anyhow::Result<()> {
        for (names, supported) in CHOICES {
            if let Some((name, value)) = self.first(names)? {
                ensure!(
                    supported
                        .iter()
                        .any(|known| value.eq_ignore_ascii_case(known)),
                    "{name} is {value:?}, which is not supported: expected {}",
                    supported.join(" or ")
                );
            }
        }
        if let Some((name, headers)) = self.first(&HEADERS)? {
            let is_header = |name: &str, value: &str| {
                let is_valid = HeaderName::try_from(name).is_ok();
                is_valid && !value.is_empty() && HeaderValue::try_from(value).is_ok()
            };
            // Without the value, because headers are often secret.
            ensure!(
                are_pairs(&headers, is_header),
                "{name} is invalid: expected NAME=VALUE,… of HTTP headers, percent-encoded"
            );
        }
        if let Some((name, _)) = self.first(&CLIENT_CERTIFICATES)? {
            bail!("{name} is not supported: spans are sent without a client certificate");
        }
        if let Some((name, value)) = self.first(&["OTEL_RESOURCE_ATTRIBUTES"])? {
            ensure!(
                are_pairs(&value, |key, _| !key.is_empty()),
                "{name} is {value:?}: expected KEY=VALUE,…"
            );
        }
        Ok(())
    }
}

/// Whether a string is a comma-separated list of valid `name=value` pairs.
fn are_pairs(text: &str, is_valid: impl Fn(&str, &str) -> bool) -> bool {
    let mut pairs = text.split_terminator(',');
    pairs.all(|pair| {
        let pair = pair.split_once('=');
        pair.is_some_and(|(name, value)| is_valid(name.trim(), value.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(
        endpoint: Option<&str>,
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Option<Settings>> {
        let config = Config {
            endpoint: endpoint.map(|url| Endpoint::of_collector(url).unwrap()),
            sample_ratio: None,
        };
        Settings::resolve(&config, |name| {
            let mut variables = variables.iter();
            variables
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_most_specific_endpoint_counts_and_the_command_line_before_it() {
        let variables = [
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://specific/path"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://general/base"),
        ];
        let empty = [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ""), variables[1]];
        for (flag, variables, expected) in [
            (Some("http://flag"), &variables[..], "http://flag/v1/traces"),
            (None, &variables[..], "http://specific/path"),
            (None, &variables[1..], "http://general/base/v1/traces"),
            (None, &empty, "http://general/base/v1/traces"),
        ] {
            let settings = resolve(flag, variables).unwrap().unwrap();
            assert_eq!(settings.endpoint.to_string(), expected);
        }
    }

    #[test]
    fn nothing_is_exported_without_an_endpoint_or_if_that_is_disabled() {
        assert_eq!(resolve(None, &[]).unwrap(), None);
        let unused = ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon");
        assert_eq!(resolve(None, &[unused]).unwrap(), None);
        for variable in [
            ("OTEL_SDK_DISABLED", "TRUE"),
            ("OTEL_TRACES_EXPORTER", "none"),
        ] {
            assert_eq!(resolve(Some("http://a"), &[variable]).unwrap(), None);
        }
        let enabled = resolve(Some("http://a"), &[("OTEL_SDK_DISABLED", "false")]);
        assert!(enabled.unwrap().is_some());
    }

    #[test]
    fn a_variable_for_traces_counts_before_that_for_every_signal() {
        let variables = [
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2500"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "ca.pem"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
        ];
        let settings = resolve(Some("https://a"), &variables).unwrap().unwrap();
        assert_eq!(settings.timeout, Duration::from_millis(2500));
        assert_eq!(settings.certificate, Some("ca.pem".into()));
        let settings = resolve(Some("https://a"), &[]).unwrap().unwrap();
        assert_eq!(settings.timeout, Duration::from_secs(10));
    }

    #[test]
    fn a_value_that_cannot_be_used_is_an_error_that_names_the_variable() {
        for (name, value) in [
            ("OTEL_SDK_DISABLED", "yes"),
            ("OTEL_TRACES_EXPORTER", "jaeger"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            ("OTEL_TRACES_SAMPLER_ARG", "all"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "Bearer secret"),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "authorization=secret,two words=1",
            ),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization="),
            ("OTEL_RESOURCE_ATTRIBUTES", "team"),
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "client.pem"),
            ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "client.key"),
        ] {
            let error = resolve(Some("http://a"), &[(name, value)]).unwrap_err();
            let error = format!("{error:#}");
            assert!(error.contains(name) && !error.contains("secret"), "{error}");
        }
        let password = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:secret@host");
        let error = resolve(None, &[password]).unwrap_err();
        assert!(!format!("{error:#}").contains("secret"), "{error:#}");
    }

    #[test]
    fn headers_and_attributes_are_lists_of_pairs() {
        let variables = [
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "authorization=Basic%20YQ==, b = c,",
            ),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,b="),
        ];
        assert!(resolve(Some("http://a"), &variables).unwrap().is_some());
    }
}
