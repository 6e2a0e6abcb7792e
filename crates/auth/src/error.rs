//! Why authentication cannot be set up, a credential is not accepted or a login is refused.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use canopy_pool::NoThreads;

use super::secret::NoSecret;
use super::user::UsersError;

/// Minimum number of bytes in a token key.
pub(super) const SHORTEST_TOKEN_KEY: usize = 32;

/// Why authentication cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The file of users cannot be used.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// The token key cannot be read.
    #[error("cannot read the token key {0}")]
    TokenKey(PathBuf, #[source] io::Error),
    /// The token key is short enough to be guessed.
    #[error("the token key {0} is shorter than {SHORTEST_TOKEN_KEY} bytes")]
    ShortTokenKey(PathBuf),
    /// The system has no random numbers.
    #[error(transparent)]
    Secret(#[from] NoSecret),
    /// The thread that checks passwords cannot be started.
    #[error("cannot start the thread that checks passwords")]
    Thread(#[from] NoThreads),
}

/// Why a credential is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCredential {
    /// The token has expired.
    #[error("the token has expired")]
    Expired,
    /// The token was not issued by this server.
    #[error("the token is not valid")]
    Invalid,
    /// Its user is not known, or has changed since.
    #[error("the user of the token or API key is not known any more")]
    Unknown,
}

impl InvalidCredential {
    /// All reasons, as they are counted.
    pub const REASONS: [&'static str; 3] = ["expired", "invalid", "unknown"];

    /// The reason, as it is counted.
    #[must_use]
    pub fn reason(self) -> &'static str {
        Self::REASONS[self as usize]
    }
}

/// Why a login was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// No user has this password.
    #[error("wrong user name or password")]
    Credentials,
    /// The user has had too many failures; the time to wait.
    #[error("too many failed logins; try again in {} s", .0.as_secs_f64().ceil())]
    Locked(Duration),
    /// The address has had too many failures, under whatever names; the time to wait.
    #[error("too many failed logins from your address; try again in {} s", .0.as_secs_f64().ceil())]
    Address(Duration),
    /// Too many logins are waiting.
    #[error("too many logins are waiting; try again soon")]
    Overload,
}

impl LoginError {
    /// All reasons, as they are counted. Whether a name is a user's is not among them, for
    /// metrics are read by many.
    pub const REASONS: [&'static str; 4] = ["credentials", "locked", "address", "overload"];

    /// The reason, as it is counted.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Credentials => Self::REASONS[0],
            Self::Locked(_) => Self::REASONS[1],
            Self::Address(_) => Self::REASONS[2],
            Self::Overload => Self::REASONS[3],
        }
    }
}
