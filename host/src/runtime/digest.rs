//! SHA-256.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
pub(super) type Digest = [u8; 32];

/// SHA-256 of a component in lower-case hexadecimal.
#[must_use]
pub fn digest(component: &[u8]) -> String {
    hex(&Sha256::digest(component))
}

/// Bytes in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
