//! Secrets and their hashes.
//!
//! Passwords are chosen by people and can be guessed, so they are hashed with Argon2id, which is
//! slow. API keys are 256 random bits, which cannot be guessed, so a fast SHA-256 is enough.

use argon2::{Config, hash_encoded, verify_encoded};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};

/// Prefix of API keys, by which secret scanners recognise a leaked one.
pub(super) const KEY_PREFIX: &str = "canopy_";

/// The system could not provide random numbers, or memory for a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot create a secret: no random numbers or no memory for a hash")]
pub struct NoSecret;

/// Cryptographically secure random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], NoSecret> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map(|()| bytes).map_err(|_| NoSecret)
}

/// Hashes a password with a new random salt: Argon2id, 19 MiB, two passes.
pub(super) fn hash_password(password: &str) -> Result<String, NoSecret> {
    let salt = random::<16>()?;
    hash_encoded(password.as_bytes(), &salt, &Config::owasp2()).map_err(|_| NoSecret)
}

/// Whether a password matches a hash; compares in constant time.
pub(super) fn is_password(password: &str, hash: &str) -> bool {
    verify_encoded(hash, password.as_bytes()).unwrap_or(false)
}

/// Whether a string is a hash that [`is_password`] can check.
pub(super) fn is_hash(text: &str) -> bool {
    // Only the form is checked: invalid parameters make `is_password` fail before it computes anything.
    text.starts_with("$argon2id$") && text.split('$').count() == 6
}

/// A new API key.
pub(super) fn new_key() -> Result<String, NoSecret> {
    let random = random::<32>()?;
    Ok(format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
}

/// SHA-256 of an API key.
pub(super) fn hash_key(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_password_hash_has_its_own_salt() {
        let [first, second] = [(); 2].map(|()| hash_password("correct horse").unwrap());
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(first, second);
        assert!(is_hash(&first));
        assert!(is_password("correct horse", &first));
        assert!(!is_password("correct horsf", &first));
        assert!(!is_password("anything", "not a hash"));
    }

    #[test]
    fn keys_are_long_and_distinct() {
        let [first, second] = [(); 2].map(|()| new_key().unwrap());
        assert_eq!(first.len(), KEY_PREFIX.len() + 43);
        assert_ne!(first, second);
        assert_ne!(hash_key(&first), hash_key(&second));
    }
}
