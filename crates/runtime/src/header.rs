//! Checks the file header for signs of a wrong file.

use super::error::LoadError;

/// The first bytes of every WebAssembly file.
const MAGIC: &[u8] = b"\0asm";
/// Layer of a core module, after magic bytes and version; components have 1.
const CORE: &[u8] = &[0, 0];

/// Rejects files that are obviously no component, with an error for whoever chose the file.
///
/// # Errors
///
/// If the file is empty, not WebAssembly, or a core module.
pub(super) fn check(bytes: &[u8]) -> Result<(), LoadError> {
    let reason = if bytes.is_empty() {
        "it is empty"
    } else if !bytes.starts_with(MAGIC) {
        r"it does not begin with the magic bytes \0asm"
    } else if bytes.get(6..8) == Some(CORE) {
        "it is a core module; componentise it with `wasm-tools component new`"
    } else {
        return Ok(());
    };
    Err(LoadError::NotAComponent(reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_component_is_named() {
        for (bytes, reason) in [
            (&b""[..], "it is empty"),
            (
                b"# Read me",
                "it does not begin with the magic bytes \\0asm",
            ),
            (b"\0", "it does not begin with the magic bytes \\0asm"),
            (
                b"\0asm\x01\0\0\0",
                "it is a core module; componentise it with `wasm-tools component new`",
            ),
        ] {
            let error = check(bytes).unwrap_err().to_string();
            assert_eq!(error, format!("not a WebAssembly component: {reason}"));
        }
        assert!(check(b"\0asm\x0d\0\x01\0").is_ok());
    }
}
