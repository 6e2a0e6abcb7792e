//! SHA-256.

use std::fmt::Write as _;

/// A SHA-256 digest.
pub(super) type Digest = [u8; 32];

/// Bytes in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
