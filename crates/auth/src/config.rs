//! Configuration of authentication.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// Configuration of authentication.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Authentication")]
#[group(id = "auth-config")]
pub struct Config {
    /// File of users with their roles and the hashes of their passwords and API keys, written by
    /// `canopy user`. Turns authentication on. The file is reloaded when it changes.
    #[arg(long, env = "CANOPY_USERS", value_name = "FILE")]
    pub users: Option<PathBuf>,
    /// Time for which the last users that were read are let in when their file is gone or damaged.
    /// After that nobody is let in until the file is back.
    #[arg(
        long,
        env = "CANOPY_USERS_GRACE",
        default_value = "1h",
        value_name = "TIME"
    )]
    pub users_grace: humantime::Duration,
    /// Lifetime of the tokens that POST /token issues.
    #[arg(
        long,
        env = "CANOPY_TOKEN_LIFETIME",
        default_value = "15m",
        value_name = "TIME",
        value_parser = lifetime
    )]
    pub token_lifetime: Duration,
    /// File with the key that signs tokens, at least 32 bytes. Hosts with the same key accept each
    /// other's tokens [default: a random key, so tokens become invalid when the process ends].
    #[arg(long, env = "CANOPY_TOKEN_KEY", value_name = "FILE")]
    pub token_key: Option<PathBuf>,
}

/// Parses a lifetime: long enough to be usable, short enough to limit the use of a stolen token.
fn lifetime(text: &str) -> Result<Duration, String> {
    let given = text.parse::<humantime::Duration>();
    let range = Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);
    match given.map(Duration::from) {
        Ok(lifetime) if range.contains(&lifetime) => Ok(lifetime),
        _ => Err("expected a time from 1s to 24h".to_owned()),
    }
}
