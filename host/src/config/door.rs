//! Who may come in, and by which door.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// Who may send requests.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Doors")]
pub struct DoorConfig {
    /// Users, their roles and the hashes of their passwords and keys; `canopy user` writes the
    /// file. Turns authentication on; the file is read again when it changes.
    #[arg(long, env = "CANOPY_USERS", value_name = "FILE")]
    pub users: Option<PathBuf>,
    /// Listen to others than this machine without authentication.
    #[arg(long, env = "CANOPY_INSECURE", conflicts_with = "users")]
    pub insecure: bool,
    /// How long a token of POST /token is valid.
    #[arg(
        long,
        env = "CANOPY_TOKEN_LIFETIME",
        default_value = "15m",
        value_name = "TIME",
        value_parser = lifetime
    )]
    pub token_lifetime: Duration,
    /// What tokens are signed with, at least 32 bytes, for hosts that take each other's tokens
    /// [default: random, tokens end with the process].
    #[arg(long, env = "CANOPY_TOKEN_KEY", value_name = "FILE")]
    pub token_key: Option<PathBuf>,
    /// Let anybody read /metrics.
    #[arg(long, env = "CANOPY_OPEN_METRICS")]
    pub open_metrics: bool,
    /// Certificate chain in PEM; turns TLS on. Certificate and key are read again when they change.
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

impl DoorConfig {
    /// Whether the host would serve anybody who can reach this address without having been told
    /// that this is meant.
    #[must_use]
    pub fn is_open_at(&self, address: SocketAddr) -> bool {
        !address.ip().to_canonical().is_loopback() && self.users.is_none() && !self.insecure
    }
}

/// A lifetime that a client can use and an attacker not for long.
fn lifetime(text: &str) -> Result<Duration, String> {
    let given = text.parse::<humantime::Duration>();
    let range = Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);
    match given.map(Duration::from) {
        Ok(lifetime) if range.contains(&lifetime) => Ok(lifetime),
        _ => Err("expected a time from 1s to 24h".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        door: DoorConfig,
    }

    #[test]
    fn only_a_host_without_users_that_others_can_reach_is_open() {
        let open = |arguments: &str, address: &str| {
            let arguments = ["canopy"].into_iter().chain(arguments.split_whitespace());
            let cli = Cli::try_parse_from(arguments).unwrap();
            cli.door.is_open_at(address.parse().unwrap())
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
}
