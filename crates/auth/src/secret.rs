//! Secrets and their hashes.
//!
//! A password is hashed with Argon2id, slowly, because people choose it. An API key is 256 random
//! bits, which nobody can try out; its SHA-256 is as good and takes no time.

use argon2::{Config, hash_encoded, verify_encoded};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};

/// What an API key begins with: tools that look for lost secrets know it by that.
pub(super) const KEY_PREFIX: &str = "canopy_";

/// The system has no random numbers to give, or no memory for a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system cannot make secrets")]
pub struct NoSecret;

/// Random bytes that nobody can guess.
pub(super) fn random<const N: usize>() -> Result<[u8; N], NoSecret> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map(|()| bytes).map_err(|_| NoSecret)
}

/// Hashes a password with a salt of its own: Argon2id, 19 MiB, two passes.
pub(super) fn hash_password(password: &str) -> Result<String, NoSecret> {
    let salt = random::<16>()?;
    hash_encoded(password.as_bytes(), &salt, &Config::owasp2()).map_err(|_| NoSecret)
}

/// Whether a password is the one that was hashed; the comparison takes the same time for all.
pub(super) fn is_password(password: &str, hash: &str) -> bool {
    verify_encoded(hash, password.as_bytes()).unwrap_or(false)
}

/// Whether a text is a hash that [`is_password`] can use.
pub(super) fn is_hash(text: &str) -> bool {
    // Its parameters are read before anything is computed: those of no password fail early.
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
    fn passwords_are_hashed_with_salts_of_their_own() {
        let [first, second] = [(); 2].map(|()| hash_password("correct horse").unwrap());
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(first, second);
        assert!(is_hash(&first));
        assert!(is_password("correct horse", &first));
        assert!(!is_password("correct horsf", &first));
        assert!(!is_password("anything", "no hash"));
    }

    #[test]
    fn keys_are_long_and_never_the_same() {
        let [first, second] = [(); 2].map(|()| new_key().unwrap());
        assert_eq!(first.len(), KEY_PREFIX.len() + 43);
        assert_ne!(first, second);
        assert_ne!(hash_key(&first), hash_key(&second));
    }
}
