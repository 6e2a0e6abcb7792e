//! Clients that others wrote, as they are installed from the Python package index.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python that has a package, in an environment of its own that is kept.
///
/// # Errors
///
/// Why it cannot be had: where there is no Python or no package index.
pub(crate) fn with(package: &str) -> Result<PathBuf, String> {
    let module = package.split('[').next().unwrap_or(package);
    let folder = format!("../.cache/python/{module}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let python = folder.join("bin/python");
    if run(&python, &["-c", &format!("import {module}")]).is_ok() {
        return Ok(python);
    }
    run(
        Path::new("python3"),
        &["-m", "venv", folder.to_str().unwrap()],
    )?;
    run(&python, &["-m", "pip", "install", "--quiet", package])?;
    Ok(python)
}

fn run(program: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("{} does not run: {error}", program.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    Err(text.trim().lines().last().unwrap_or_default().to_owned())
}
