//! Who may do what: users with roles, their passwords, API keys and tokens.
//!
//! Knows nothing of HTTP: `http/door.rs` asks it about every request, `http/token.rs` has it log
//! users in, `account.rs` changes the file of users.

mod attempt;
mod role;
mod secret;
mod token;
mod user;

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tracing::{info, warn};

pub use role::{Role, Roles};
pub use secret::NoSecret;
pub use user::{InvalidUserName, User, UserName, Users, UsersError};

use crate::config::DoorConfig;
use crate::lane::{Lane, LaneError};
use crate::watched::Watched;
use attempt::{Attempts, Suspect, Wait};
use token::{Disbelieved, Signer};

/// Fewest characters of a password.
pub const SHORTEST_PASSWORD: usize = 12;
/// Fewest bytes of a key for tokens.
const SHORTEST_TOKEN_KEY: usize = 32;
/// Most logins whose password is being checked or waits for that.
const LOGINS: usize = 32;

/// The door of a host that serves only its users.
pub struct Door {
    path: PathBuf,
    watched: Watched,
    users: ArcSwap<Users>,
    signer: Signer,
    attempts: Attempts,
    /// Where passwords are checked: one at a time, each takes as much memory as a model.
    lane: Lane,
    /// The hash of a password that nobody has, for users that are not there.
    nobody: String,
}

/// Why the door cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The users are not known.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// The key for tokens cannot be read.
    #[error("cannot read the key for tokens {0}")]
    TokenKey(PathBuf, #[source] io::Error),
    /// The key for tokens can be guessed.
    #[error("the key for tokens {0} is shorter than {SHORTEST_TOKEN_KEY} bytes")]
    ShortTokenKey(PathBuf),
    /// There are no random numbers.
    #[error(transparent)]
    Secret(#[from] NoSecret),
    /// The thread cannot be started.
    #[error("cannot start the thread that checks passwords")]
    Thread(#[from] rayon::ThreadPoolBuildError),
}

/// Somebody who showed a token or a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The user.
    pub name: UserName,
    /// What the user may do.
    pub roles: Roles,
}

/// Why a token or a key opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It was valid once.
    #[error("the token has expired")]
    Expired,
    /// It is not one of this host.
    #[error("the token is not valid")]
    Invalid,
    /// Its user is not there, or not the same any more.
    #[error("the user of the token or the key is not known any more")]
    Unknown,
}

impl Rejected {
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
    #[error("name or password are wrong")]
    Credentials,
    /// There were too many failures; the time to wait.
    #[error("too many logins failed; try again in {} s", .0.as_secs_f64().ceil())]
    Locked(Duration),
    /// There were too many failures from the address, under whatever names; the time to wait.
    #[error("too many logins from your address failed; try again in {} s", .0.as_secs_f64().ceil())]
    Address(Duration),
    /// Too many logins are waiting.
    #[error("too many logins are waiting")]
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

impl Door {
    /// The door that the configuration asks for, if it asks for one.
    ///
    /// # Errors
    ///
    /// If the users or the key for tokens cannot be read.
    pub fn open(config: &DoorConfig) -> Result<Option<Self>, DoorError> {
        let Some(path) = config.users.clone() else {
            return Ok(None);
        };
        let watched = Watched::new(vec![path.clone()]);
        let users = Users::load(&path)?;
        let key = match &config.token_key {
            None => secret::random::<SHORTEST_TOKEN_KEY>()?.to_vec(),
            Some(path) => {
                let key = fs::read(path);
                key.map_err(|error| DoorError::TokenKey(path.clone(), error))?
            }
        };
        let key = key.trim_ascii_end();
        if let Some(path) = &config.token_key
            && key.len() < SHORTEST_TOKEN_KEY
        {
            return Err(DoorError::ShortTokenKey(path.clone()));
        }
        Ok(Some(Self {
            path,
            watched,
            users: ArcSwap::from_pointee(users),
            signer: Signer::new(key, config.token_lifetime),
            attempts: Attempts::default(),
            lane: Lane::new(1, LOGINS)?,
            nobody: secret::hash_password(&secret::new_key()?)?,
        }))
    }

    /// Checks a password, in its turn; answers a token.
    ///
    /// # Errors
    ///
    /// If there is no such user with this password, or it was tried too often.
    pub async fn login(
        &self,
        name: &str,
        password: String,
        address: IpAddr,
    ) -> Result<String, LoginError> {
        let name: Option<UserName> = name.parse().ok();
        let suspect = Suspect::new(name.clone(), address);
        let place = self.lane.place().map_err(|_| LoginError::Overload)?;
        let begun = self.attempts.begin(&suspect, Instant::now());
        begun.map_err(|wait| match wait {
            Wait::Name(wait) => LoginError::Locked(wait),
            Wait::Address(wait) => LoginError::Address(wait),
        })?;

        let users = self.users.load_full();
        let user = name.and_then(|name| Some((users.users.get(&name)?.clone(), name)));
        let hash = user.as_ref().and_then(|(user, _)| user.password.clone());
        // A name that is not there takes as long as one that is.
        let (hash, is_there) = hash.map_or((self.nobody.clone(), false), |hash| (hash, true));
        let check = move || secret::is_password(&password, &hash);
        let is_right = match self.lane.run(&place, check).await {
            Ok(is_right) => is_right,
            Err(LaneError::Full | LaneError::Panicked) => return Err(LoginError::Overload),
        };
        match user {
            Some((user, name)) if is_there && is_right => {
                self.attempts.succeeded(&suspect);
                Ok(self.signer.sign(name, user.roles, token::now()))
            }
            _ => Err(LoginError::Credentials),
        }
    }

    /// How long a token is valid.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.signer.lifetime
    }

    /// Who shows a token or an API key.
    ///
    /// # Errors
    ///
    /// If it is not valid, or its user is not there any more.
    pub fn check(&self, shown: &str) -> Result<Visitor, Rejected> {
        let users = self.users.load();
        if shown.starts_with(secret::KEY_PREFIX) {
            let (name, user) = users.with_key(shown).ok_or(Rejected::Unknown)?;
            return Ok(Visitor {
                name: name.clone(),
                roles: user.roles,
            });
        }
        let claims = self.signer.check(shown, token::now());
        let claims = claims.map_err(|error| match error {
            Disbelieved::Expired => Rejected::Expired,
            Disbelieved::Invalid => Rejected::Invalid,
        })?;
        let user = users.users.get(&claims.name).ok_or(Rejected::Unknown)?;
        if claims.issued < user.since {
            return Err(Rejected::Unknown);
        }
        Ok(Visitor {
            name: claims.name,
            roles: claims.roles.and(user.roles),
        })
    }

    /// Reads the users again if their file has changed.
    pub(crate) fn refresh(&self) {
        if !self.watched.changed() {
            return;
        }
        match Users::load(&self.path) {
            Ok(users) => {
                info!(users = users.users.len(), "users reloaded");
                self.users.store(Arc::new(users));
            }
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                warn!(error, "users not reloaded, those of before stay");
            }
        }
    }
}

/// A user with a new password.
///
/// # Errors
///
/// If the system has no random numbers.
pub fn with_password(before: Option<User>, roles: Roles, password: &str) -> Result<User, NoSecret> {
    Ok(User {
        roles,
        since: token::now(),
        password: Some(secret::hash_password(password)?),
        key: before.and_then(|user| user.key),
    })
}

/// A user with a new API key, and the key.
///
/// # Errors
///
/// If the system has no random numbers.
pub fn with_key(before: Option<User>, roles: Roles) -> Result<(User, String), NoSecret> {
    let key = secret::new_key()?;
    let user = User {
        roles,
        since: token::now(),
        password: before.and_then(|user| user.password),
        key: Some(secret::hash_key(&key)),
    };
    Ok((user, key))
}
