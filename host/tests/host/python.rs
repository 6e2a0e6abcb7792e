//! Clients that others wrote, as they are installed from the Python package index.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python that has a package, in an environment of its own that is kept; nothing where there is
/// no Python or no package index.
pub(crate) fn with(package: &str) -> Option<PathBuf> {
    let module = package.split('[').next().unwrap_or(package);
    let folder = format!("../.cache/python/{module}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let python = folder.join("bin/python");
    let run = |program: &Path, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        output.is_ok_and(|output| output.status.success())
    };
    if run(&python, &["-c", &format!("import {module}")]) {
        return Some(python);
    }
    let made = run(Path::new("python3"), &["-m", "venv", folder.to_str()?]);
    let installed = made && run(&python, &["-m", "pip", "install", "--quiet", package]);
    installed.then_some(python)
}
