//! Standard output.

use std::io::{ErrorKind, Write as _};

use anyhow::Context as _;

/// Prints a text. A reader that closes the pipe early, such as `head`, is not an error.
///
/// # Errors
///
/// If the standard output cannot be written.
pub fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to the standard output")
        }
        _ => Ok(()),
    }
}
