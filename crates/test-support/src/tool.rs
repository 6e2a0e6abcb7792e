use std::path::PathBuf;
use std::process::Command;

/// A program: the installed one, or else that of Debian's package, unpacked into `.cache`.
///
/// # Errors
///
/// Why it cannot be had.
pub fn tool(program: &str, package: &str) -> Result<PathBuf, String> {
    script("tool.sh", &[program, package])
}

/// The path that a script of `scripts/` prints, which finds or fetches a tool.
///
/// # Errors
///
/// What the script said if it failed.
pub fn script(name: &str, arguments: &[&str]) -> Result<PathBuf, String> {
    let script = PathBuf::from_iter([env!("CARGO_MANIFEST_DIR"), "../../scripts", name]);
    let output = Command::new(&script).args(arguments).output();
    let output = output.map_err(|error| format!("{} does not run: {error}", script.display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout).into())
    } else {
        Err(text(&output.stderr))
    }
}
