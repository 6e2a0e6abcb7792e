//! Signed tokens: JSON Web Tokens (RFC 7519) with HMAC-SHA-256.
//!
//! Only one header is valid, and it is compared rather than parsed: a token cannot choose the
//! algorithm it is verified with.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::role::Roles;
use super::user::UserName;

/// `{"alg":"HS256","typ":"JWT"}`
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// Signs tokens and checks them.
pub(super) struct Signer {
    key: hmac::Key,
    pub(super) lifetime: Duration,
}

/// The claims of a token; times are Unix times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    #[serde(rename = "sub")]
    pub(super) name: UserName,
    pub(super) roles: Roles,
    #[serde(rename = "iat")]
    pub(super) issued: u64,
    #[serde(rename = "exp")]
    pub(super) expires: u64,
}

/// Why a token was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InvalidToken {
    Expired,
    Invalid,
}

impl Signer {
    pub(super) fn new(key: &[u8], lifetime: Duration) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        Self { key, lifetime }
    }

    /// Issues a token for a user, valid from `now`.
    pub(super) fn sign(&self, name: UserName, roles: Roles, now: u64) -> String {
        let claims = Claims {
            name,
            roles,
            issued: now,
            expires: now + self.lifetime.as_secs(),
        };
        let claims = serde_json::to_vec(&claims)
            .unwrap_or_else(|_| unreachable!("strings and numbers can always be written as JSON"));
        let signed = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = hmac::sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Verifies a token and returns its claims, if this signer's key signed it and it has not expired.
    pub(super) fn check(&self, token: &str, now: u64) -> Result<Claims, InvalidToken> {
        let claims = self.signed(token).ok_or(InvalidToken::Invalid)?;
        if claims.expires > now {
            Ok(claims)
        } else {
            Err(InvalidToken::Expired)
        }
    }

    fn signed(&self, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let claims = signed.strip_prefix(HEADER)?.strip_prefix('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.key, signed.as_bytes(), &signature).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

/// The current Unix time in seconds.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    #[test]
    fn only_unexpired_tokens_with_a_valid_signature_are_accepted() {
        let signer = Signer::new(&[7; 32], Duration::from_secs(60));
        let token = signer.sign("ada".parse().unwrap(), vec![Role::Predict].into(), 1000);
        let claims = signer.check(&token, 1059).unwrap();
        assert_eq!(claims.name.as_str(), "ada");
        assert_eq!(signer.check(&token, 1060), Err(InvalidToken::Expired));

        let other = Signer::new(&[8; 32], Duration::from_secs(60));
        let foreign = other.sign(claims.name, claims.roles, 1000);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (_, unsigned) = signed.split_once('.').unwrap();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let claims =
            URL_SAFE_NO_PAD.encode(r#"{"sub":"ada","roles":["admin"],"iat":0,"exp":9999}"#);
        for forged in [
            foreign,
            format!("{none}.{unsigned}."),
            format!("{none}.{unsigned}.{signature}"),
            format!("{HEADER}.{unsigned}."),
            format!("{HEADER}.{claims}.{signature}"),
            format!("{token}="),
            token[..token.len() - 2].to_owned(),
            signed.to_owned(),
            "..".to_owned(),
            String::new(),
        ] {
            assert_eq!(
                signer.check(&forged, 1000),
                Err(InvalidToken::Invalid),
                "{forged}"
            );
        }
    }
}
