//! Who may send requests.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// Who may send requests.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Authentication")]
#[group(id = "auth-config")]
pub struct Config {
    /// Users, their roles and the hashes of their passwords and keys; `canopy user` writes the
    /// file. Turns authentication on; the file is read again when it changes.
    #[arg(long, env = "CANOPY_USERS", value_name = "FILE")]
    pub users: Option<PathBuf>,
    /// How long a token of POST /token is valid.
    #[arg(
        long,
        env = "CANOPY_TOKEN_LIFETIME",
        default_value = "15m",
        value_name = "TIME",
        value_parser = lifetime
    )]
    pub token_lifetime: Duration,
    /// Key that tokens are signed with, at least 32 bytes, for hosts that accept each other's
    /// tokens [default: random, so that tokens end with the process].
    #[arg(long, env = "CANOPY_TOKEN_KEY", value_name = "FILE")]
    pub token_key: Option<PathBuf>,
}

/// A lifetime long enough for a client and short enough against an attacker.
fn lifetime(text: &str) -> Result<Duration, String> {
    let given = text.parse::<humantime::Duration>();
    let range = Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);
    match given.map(Duration::from) {
        Ok(lifetime) if range.contains(&lifetime) => Ok(lifetime),
        _ => Err("expected a time from 1s to 24h".to_owned()),
    }
}
