//! Checks credentials and logs users in.

use std::fs;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use canopy_disk::check_secret;
use canopy_pool::{BackgroundPool, Owner, PoolError};

use super::attempt::{Attempts, Source, Wait};
use super::config::Config;
use super::error::{AuthError, InvalidCredential, LoginError, SHORTEST_TOKEN_KEY};
use super::metrics::AuthMetrics;
use super::role::Roles;
use super::secret::{self, NoSecret};
use super::token::{self, InvalidToken, Signer};
use super::user::{User, UserName};
use super::users_file::UsersFile;

/// Minimum number of characters in a password.
pub const SHORTEST_PASSWORD: usize = 12;
/// Maximum number of logins whose password is being checked or is waiting to be.
pub const LOGINS: usize = 32;

/// Authenticates the requests of a server that has users.
pub struct Auth {
    file: UsersFile,
    signer: Signer,
    attempts: Attempts,
    /// Checks passwords, one at a time: each check takes as much memory as a model.
    pool: BackgroundPool,
    /// The hash of a random password, checked in place of an unknown user's.
    dummy_hash: String,
}

/// The authenticated sender of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user.
    pub name: UserName,
    /// What the user may do.
    pub roles: Roles,
}

impl Auth {
    /// Sets up authentication if the configuration asks for it.
    ///
    /// # Errors
    ///
    /// If the users or the token key cannot be read, or the thread that checks passwords cannot be
    /// started.
    pub fn open(config: &Config) -> Result<Option<Self>, AuthError> {
        let Some(path) = config.users.clone() else {
            return Ok(None);
        };
        let file = UsersFile::open(path, config.users_grace.into())?;
        let key = match &config.token_key {
            None => secret::random::<SHORTEST_TOKEN_KEY>()?.to_vec(),
            Some(path) => {
                let key = check_secret(path).and_then(|()| fs::read(path));
                key.map_err(|error| AuthError::TokenKey(path.clone(), error))?
            }
        };
        let key = key.trim_ascii_end();
        if let Some(path) = &config.token_key
            && key.len() < SHORTEST_TOKEN_KEY
        {
            return Err(AuthError::ShortTokenKey(path.clone()));
        }
        Ok(Some(Self {
            file,
            signer: Signer::new(key, config.token_lifetime),
            attempts: Attempts::default(),
            pool: BackgroundPool::new(1, LOGINS)?,
            dummy_hash: secret::hash_password(&secret::new_key()?)?,
        }))
    }

    /// Checks a password, waiting for logins before it, and returns a token.
    ///
    /// # Errors
    ///
    /// If the user name or password is wrong, too many logins have failed or too many are waiting.
    pub async fn login(
        &self,
        name: &str,
        password: String,
        address: IpAddr,
    ) -> Result<String, LoginError> {
        let name: Option<UserName> = name.parse().ok();
        let source = Source::new(name.clone(), address);
        let permit = self
            .pool
            .permit(Owner::of(address))
            .map_err(|_| LoginError::Overload)?;
        let begun = self.attempts.begin(&source, Instant::now());
        begun.map_err(|wait| match wait {
            Wait::Name(wait) => LoginError::Locked(wait),
            Wait::Address(wait) => LoginError::Address(wait),
        })?;

        let users = self.file.users();
        let user = name.and_then(|name| Some((users.users.get(&name)?.clone(), name)));
        let hash = user.as_ref().and_then(|(user, _)| user.password.clone());
        // An unknown user takes as long as a known one, so the time does not reveal which names exist.
        let (hash, exists) = hash.map_or((self.dummy_hash.clone(), false), |hash| (hash, true));
        let check = move || secret::is_password(&password, &hash);
        let is_correct = match self.pool.run(&permit, check).await {
            Ok(is_correct) => is_correct,
            Err(PoolError::Full | PoolError::Panicked) => return Err(LoginError::Overload),
        };
        match user {
            Some((user, name)) if exists && is_correct => {
                self.attempts.succeeded(&source);
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

    /// Identifies the owner of a token or API key.
    ///
    /// # Errors
    ///
    /// If the credential is not valid, or its user no longer exists or has changed since.
    pub fn authenticate(&self, credential: &str) -> Result<Principal, InvalidCredential> {
        let users = self.file.users();
        if credential.starts_with(secret::KEY_PREFIX) {
            let (name, user) = users
                .with_key(credential)
                .ok_or(InvalidCredential::Unknown)?;
            return Ok(Principal {
                name: name.clone(),
                roles: user.roles,
            });
        }
        let claims = self.signer.check(credential, token::now());
        let claims = claims.map_err(|error| match error {
            InvalidToken::Expired => InvalidCredential::Expired,
            InvalidToken::Invalid => InvalidCredential::Invalid,
        })?;
        let user = users
            .users
            .get(&claims.name)
            .ok_or(InvalidCredential::Unknown)?;
        if claims.issued < user.since {
            return Err(InvalidCredential::Unknown);
        }
        Ok(Principal {
            name: claims.name,
            roles: claims.roles.and(user.roles),
        })
    }

    /// Reloads the users if their file has changed. Lets nobody in once the file could not be used
    /// for the grace.
    pub fn refresh(&self) {
        self.file.refresh(Instant::now());
    }

    /// Shows in a metric whether the file of users can be used.
    pub fn report_to(&self, metrics: &AuthMetrics) {
        self.file.report_to(metrics.users_file_unreadable());
    }
}

/// A user with a new password.
///
/// # Errors
///
/// If the system cannot provide random numbers or memory for the hash.
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
/// If the system cannot provide random numbers or memory for the hash.
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
