//! How much memory parsing takes at most.

/// Bytes of a value in a list that grows to at most twice its size.
pub(super) const GROWING: u64 = 16;

/// Maximum memory for the values of a text in which a comma or a line break follows every value but
/// the last, in bytes.
pub(super) fn of_separated(text: &[u8]) -> u64 {
    let separates = |byte: &&u8| matches!(**byte, b',' | b'\n');
    GROWING * (text.iter().filter(separates).count() as u64 + 1)
}
