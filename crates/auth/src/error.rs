//! Errors of setting up authentication, of credentials and of logins.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use canopy_pool::NoThreads;

use super::secret::NoSecret;
use super::user::UsersError;

/// Minimum number of bytes in a token key.
pub(super) const SHORTEST_TOKEN_KEY: usize = 32;

/// Why authentication could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The file of users cannot be used.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// The token key cannot be read.
    #[error("cannot use the token key {0}")]
    TokenKey(PathBuf, #[source] io::Error),
    /// The token key is so short that it could be guessed.
    #[error("the token key {0} is shorter than {SHORTEST_TOKEN_KEY} bytes")]
    ShortTokenKey(PathBuf),
    /// The system cannot provide random numbers or memory for a hash.
    #[error(transparent)]
    Secret(#[from] NoSecret),
    /// The thread that checks passwords cannot be started.
    #[error("cannot start the thread that checks passwords")]
    Thread(#[from] NoThreads),
}

/// Why a credential was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCredential {
    /// The token has expired.
    #[error("the token has expired")]
    Expired,
    /// The token was not issued by this server.
    #[error("the token is not valid")]
    Invalid,
    /// The user does not exist, or has changed since the credential was issued.
    #[error("the user of the token or API key no longer exists or has changed")]
    Unknown,
}

impl InvalidCredential {
    /// All values of the metric's `reason` label.
    pub const REASONS: [&'static str; 3] = ["expired", "invalid", "unknown"];

    /// The value of the metric's `reason` label.
    #[must_use]
    pub fn reason(self) -> &'static str {
        Self::REASONS[self as usize]
    }
}

/// Why a login was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The user name or the password is wrong.
    #[error("wrong user name or password")]
    Credentials,
    /// Too many logins of this user failed at this address; holds the time to wait.
    #[error("too many failed logins; try again in {} s", .0.as_secs_f64().ceil())]
    Locked(Duration),
    /// Too many logins from this address failed, for any user names; holds the time to wait.
    #[error("too many failed logins from your address; try again in {} s", .0.as_secs_f64().ceil())]
    Address(Duration),
    /// Too many logins are waiting.
    #[error("too many logins are waiting; try again soon")]
    Overload,
}

impl LoginError {
    /// All values of the metric's `reason` label. They do not reveal whether a user name exists,
    /// because many people can read metrics.
    pub const REASONS: [&'static str; 4] = ["credentials", "locked", "address", "overload"];

    /// The value of the metric's `reason` label.
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
