//! The file of users.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::role::Roles;
use super::secret;
use canopy_disk as disk;

/// A user name: 1 to 64 characters, each an ASCII letter, a digit or one of `-_.@`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct UserName(String);

/// A string that is not a user name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a user name; use 1 to 64 of a-z, A-Z, 0-9, -, _, . and @")]
pub struct InvalidUserName(String);

impl UserName {
    /// The name as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = InvalidUserName;

    fn from_str(text: &str) -> Result<Self, InvalidUserName> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidUserName(text.chars().take(64).collect()))
        }
    }
}

impl TryFrom<String> for UserName {
    type Error = InvalidUserName;

    fn try_from(text: String) -> Result<Self, InvalidUserName> {
        text.parse()
    }
}

impl Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user: a person with a password, a program with a key, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// What the user may do.
    pub roles: Roles,
    /// Unix time of the last change; tokens issued before it are no longer valid.
    pub since: u64,
    /// Argon2id hash of the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// SHA-256 of the API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// All users.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// By name.
    pub users: BTreeMap<UserName, User>,
}

/// Why the file of users could not be used.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// The file cannot be read.
    #[error("cannot read the users in {0}; create the file with `canopy user add`")]
    Read(PathBuf, #[source] io::Error),
    /// The file cannot be written.
    #[error("cannot write the users to {0}")]
    Write(PathBuf, #[source] io::Error),
    /// The file is not a valid file of users.
    #[error("{0} is not a valid file of users")]
    Malformed(PathBuf, #[source] serde_json::Error),
    /// A password is not hashed with Argon2id.
    #[error("the password of {0} is not hashed with Argon2id")]
    Hash(UserName),
    /// Users other than the owner can write the file, and so could make themselves administrators.
    #[error("{0} can be written by users other than its owner; run chmod 600 on it")]
    Writable(PathBuf),
}

impl Users {
    /// Reads a file of users.
    ///
    /// # Errors
    ///
    /// If the file does not exist, other users can write it, or it is malformed.
    pub fn load(path: &Path) -> Result<Self, UsersError> {
        let unread = |error| UsersError::Read(path.to_owned(), error);
        if fs::metadata(path).map_err(unread)?.mode() & 0o022 != 0 {
            return Err(UsersError::Writable(path.to_owned()));
        }
        let bytes = fs::read(path).map_err(unread)?;
        let users: Self = serde_json::from_slice(&bytes)
            .map_err(|error| UsersError::Malformed(path.to_owned(), error))?;
        let unhashed = |user: &User| {
            user.password
                .as_deref()
                .is_some_and(|p| !secret::is_hash(p))
        };
        match users.users.iter().find(|(_, user)| unhashed(user)) {
            Some((name, _)) => Err(UsersError::Hash(name.clone())),
            None => Ok(users),
        }
    }

    /// Changes a file of users, creating it if it does not exist. The file is locked, so concurrent
    /// changes do not overwrite each other.
    ///
    /// # Errors
    ///
    /// If the file is malformed, `change` fails or the result cannot be written. The file is then
    /// unchanged.
    pub fn change<R, E: From<UsersError>>(
        path: &Path,
        change: impl FnOnce(&mut Self) -> Result<R, E>,
    ) -> Result<R, E> {
        let unwritten = |error| UsersError::Write(path.to_owned(), error);
        let folder = File::open(disk::folder(path)).map_err(unwritten)?;
        flock(&folder, FlockOperation::LockExclusive).map_err(|error| unwritten(error.into()))?;
        let mut users = match Self::load(path) {
            Err(UsersError::Read(_, error)) if error.kind() == io::ErrorKind::NotFound => {
                Self::default()
            }
            loaded => loaded?,
        };
        let result = change(&mut users)?;
        let text = serde_json::to_vec_pretty(&users).map_err(io::Error::other);
        text.and_then(|text| disk::write_private(path, &text))
            .map_err(unwritten)?;
        Ok(result)
    }

    /// Finds the user with this API key, in a time that does not depend on how much of it matches.
    pub(super) fn with_key(&self, key: &str) -> Option<(&UserName, &User)> {
        let hash = secret::hash_key(key);
        let same = |user: &User| {
            let expected = user.key.as_deref().unwrap_or_default();
            bool::from(expected.as_bytes().ct_eq(hash.as_bytes()))
        };
        let select = |found, entry: (_, _)| if same(entry.1) { Some(entry) } else { found };
        self.users.iter().fold(None, select)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn names_are_short_and_plain() {
        for name in ["a", "ada", "ci-bot_2", "ada.l@example.org"] {
            assert!(name.parse::<UserName>().is_ok(), "{name}");
        }
        for name in ["", "a b", "ü", "a\n", &"a".repeat(65)] {
            assert!(name.parse::<UserName>().is_err(), "{name}");
        }
    }

    #[test]
    fn the_file_is_private_to_its_owner_and_invalid_content_is_refused() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("users.json");
        let user = User {
            roles: vec![Role::Predict].into(),
            since: 1,
            password: None,
            key: Some(secret::hash_key("canopy_a")),
        };
        Users::change(&path, |users| {
            users.users.insert("ada".parse().unwrap(), user.clone());
            Ok::<_, UsersError>(())
        })
        .unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let users = Users::load(&path).unwrap();
        assert_eq!(users.with_key("canopy_a").unwrap().1, &user);
        assert!(users.with_key("canopy_b").is_none());
        assert!(users.with_key("").is_none());

        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(Users::load(&path), Err(UsersError::Writable(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(
            &path,
            r#"{"users":{"ada":{"roles":[],"since":1,"password":"hunter2"}}}"#,
        )
        .unwrap();
        assert!(matches!(Users::load(&path), Err(UsersError::Hash(_))));
        fs::write(&path, r#"{"users":{"ada":{"roles":["root"]}}}"#).unwrap();
        assert!(matches!(Users::load(&path), Err(UsersError::Malformed(..))));
    }
}
