//! Configuration of the server.

use std::net::SocketAddr;
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::Args;
use thiserror::Error;

use super::cors::Origin;
use super::pace::Pace;

/// How a server listens, and how long its clients may take.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
#[group(id = "web-config")]
pub struct Config {
    /// Connections that may be open at the same time. When all are, the one that has been idle
    /// longest is closed for a new one; if none is idle, new ones wait to be accepted.
    #[arg(
        long,
        env = "CANOPY_MAX_CONNECTIONS",
        default_value = "4096",
        value_name = "N",
        value_parser = count
    )]
    pub max_connections: usize,
    /// Time after which an idle connection is closed; longer than balancers keep theirs, so that
    /// they never send a request into a closing one.
    #[arg(
        long,
        env = "CANOPY_KEEP_ALIVE",
        default_value = "75s",
        value_name = "TIME"
    )]
    pub keep_alive: humantime::Duration,
    /// Longest time to send the head of a request.
    #[arg(
        long,
        env = "CANOPY_HEADER_TIMEOUT",
        default_value = "30s",
        value_name = "TIME"
    )]
    pub header_timeout: humantime::Duration,
    /// Longest time to send the body of a request.
    #[arg(
        long,
        env = "CANOPY_BODY_TIMEOUT",
        default_value = "30s",
        value_name = "TIME"
    )]
    pub body_timeout: humantime::Duration,
    /// Longest time that a client may leave an answer unread.
    #[arg(
        long,
        env = "CANOPY_WRITE_TIMEOUT",
        default_value = "30s",
        value_name = "TIME"
    )]
    pub write_timeout: humantime::Duration,
    /// Minimum rate, per second, at which a body must arrive and a response be read by a client that
    /// has taken longer than these timeouts.
    #[arg(
        long,
        env = "CANOPY_MIN_RATE",
        default_value = "16KiB",
        value_name = "SIZE",
        value_parser = rate
    )]
    pub min_rate: ByteSize,
    /// When told to stop: how long /ready and the `connection: close` of every answer say so
    /// before connections are refused, for balancers and clients to move away.
    #[arg(
        long,
        alias = "drain",
        env = "CANOPY_SHUTDOWN_GRACE",
        default_value = "500ms",
        value_name = "TIME"
    )]
    pub shutdown_grace: humantime::Duration,
    /// Longest time to finish requests in flight when told to stop.
    #[arg(
        long,
        env = "CANOPY_SHUTDOWN_TIMEOUT",
        default_value = "30s",
        value_name = "TIME"
    )]
    pub shutdown_timeout: humantime::Duration,
    /// Path under which a proxy publishes this server, such as /ml; links in answers begin with
    /// it. The proxy may strip it from requests or not.
    #[arg(
        long,
        env = "CANOPY_ROOT_PATH",
        default_value = "",
        value_name = "PATH",
        value_parser = root_path
    )]
    pub root_path: String,
    /// Origin whose web pages may use this server, such as https://app.example; may be given
    /// several times. `*` allows every origin [default: none].
    #[arg(
        long,
        env = "CANOPY_CORS_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub cors_origin: Vec<Origin>,
    /// Name under which a proxy publishes this server, such as ml.example; may be given several
    /// times. Without users, web pages of that name may use the server. Where it listens to this
    /// machine alone, requests that could change something must name it, localhost or a loopback
    /// address as their host, which those of DNS rebinding do not.
    #[arg(
        long,
        env = "CANOPY_ALLOWED_HOST",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub allowed_host: Vec<String>,
    /// Listen to other machines without authentication.
    #[arg(long, env = "CANOPY_INSECURE", conflicts_with = "users")]
    pub insecure: bool,
    /// Let everybody read /metrics where there are users.
    #[arg(long, env = "CANOPY_OPEN_METRICS")]
    pub open_metrics: bool,
    /// Certificate chain in PEM; turns TLS on. Certificate and key are read again when they
    /// change.
    #[arg(
        long,
        env = "CANOPY_TLS_CERTIFICATE",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_certificate: Option<PathBuf>,
    /// Private key of the certificate in PEM.
    #[arg(
        long,
        env = "CANOPY_TLS_KEY",
        value_name = "FILE",
        requires = "tls_certificate"
    )]
    pub tls_key: Option<PathBuf>,
}

impl Config {
    /// Refuses an address that other machines can reach where nobody has to authenticate, unless
    /// `--insecure` allows it.
    ///
    /// # Errors
    ///
    /// If the address is refused.
    pub fn check_exposure(&self, address: SocketAddr, has_users: bool) -> Result<(), Exposed> {
        if address.ip().to_canonical().is_loopback() || has_users || self.insecure {
            Ok(())
        } else {
            Err(Exposed(address))
        }
    }

    /// How fast a body must arrive.
    pub(super) fn body_pace(&self) -> Pace {
        Pace {
            grace: self.body_timeout.into(),
            rate: self.min_rate.as_u64(),
        }
    }

    /// How fast a response must be read.
    pub(super) fn write_pace(&self) -> Pace {
        Pace {
            grace: self.write_timeout.into(),
            rate: self.min_rate.as_u64(),
        }
    }

    /// The path of a link in a response, with the root path.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.root_path)
    }
}

/// The server would serve anybody who can reach this address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "other machines can reach {0}: enable authentication with --users FILE, or pass --insecure if \
     something else authenticates clients"
)]
pub struct Exposed(SocketAddr);

/// Parses a rate.
fn rate(text: &str) -> Result<ByteSize, String> {
    let rate: ByteSize = text.parse()?;
    if rate == ByteSize::b(0) {
        Err("expected a size of at least 1B".to_owned())
    } else {
        Ok(rate)
    }
}

/// Parses a count.
fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("expected a whole number from 1 to 1000000".to_owned()),
    }
}

/// Parses a path prefix: empty, or segments that each begin with a slash.
fn root_path(text: &str) -> Result<String, String> {
    let path = text.trim_end_matches('/');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    if path.is_empty() || path.starts_with('/') && path.bytes().all(plain) && !path.contains("//") {
        Ok(path.to_owned())
    } else {
        Err("expected a path such as /ml".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        web: Config,
        #[arg(long)]
        users: Option<PathBuf>,
    }

    fn parse(arguments: &str) -> Cli {
        let arguments = ["canopy"].into_iter().chain(arguments.split_whitespace());
        Cli::try_parse_from(arguments).unwrap()
    }

    #[test]
    fn only_a_server_without_users_that_others_can_reach_is_open() {
        let open = |arguments: &str, address: &str| {
            let cli = parse(arguments);
            let address = address.parse().unwrap();
            let has_users = cli.users.is_some();
            cli.web.check_exposure(address, has_users).is_err()
        };
        for address in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:192.0.2.1]:1"] {
            assert!(open("", address), "{address}");
            assert!(!open("--insecure", address), "{address}");
            assert!(!open("--users users.json", address), "{address}");
        }
        for address in [
            "127.0.0.1:1",
            "127.9.9.9:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert!(!open("", address), "{address}");
        }
    }

    #[test]
    fn a_root_path_begins_with_a_slash_and_ends_without_one() {
        assert_eq!(parse("--root-path /ml/").web.link("/docs/"), "/ml/docs/");
        assert_eq!(parse("--root-path /").web.link("/docs/"), "/docs/");
        for path in ["ml", "/a//b", "/a?b", "https://x"] {
            assert!(root_path(path).is_err(), "{path}");
        }
    }
}
