//! Counting with valgrind.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A valgrind that runs.
pub(crate) struct Valgrind {
    program: PathBuf,
    /// Where its tools are, if not where it was compiled for.
    library: Option<PathBuf>,
}

/// The installed valgrind, or else Debian's unpacked into `.cache/valgrind`.
///
/// # Errors
///
/// Why there is none.
pub(crate) fn valgrind() -> Result<Valgrind, String> {
    let installed = Valgrind {
        program: "valgrind".into(),
        library: None,
    };
    if installed.works() {
        return Ok(installed);
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/unpack.sh");
    let output = Command::new(script).args(["valgrind", "valgrind"]).output();
    let output = output.map_err(|error| format!("{script} does not run: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let unpacked = Valgrind {
        program: folder.join("usr/bin/valgrind.bin"),
        library: Some(folder.join("usr/libexec/valgrind")),
    };
    if unpacked.works() {
        Ok(unpacked)
    } else {
        Err(format!("{} does not run", unpacked.program.display()))
    }
}

impl Valgrind {
    fn works(&self) -> bool {
        let version = self.command().arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    }

    /// Without the caller's environment, whose size would move the stack.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default());
        if let Some(library) = &self.library {
            command.env("VALGRIND_LIB", library);
        }
        command
    }
}

/// Instructions within `work::counted` when this program performs the work of a name.
pub(crate) fn instructions(valgrind: &Valgrind, name: &str, artifact: &Path) -> u64 {
    let out = artifact.with_extension("callgrind");
    let mut option = OsString::from("--callgrind-out-file=");
    option.push(&out);
    let output = valgrind
        .command()
        .args(["--tool=callgrind", "--toggle-collect=*budget*work*counted*"])
        .arg(option)
        .arg(env::current_exe().unwrap())
        .args(["work", name])
        .arg(artifact)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {told}");
    let profile = std::fs::read_to_string(out).unwrap();
    let totals = profile
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    let instructions = totals.unwrap().trim().parse().unwrap();
    assert!(instructions > 0, "{name}: nothing was counted: {told}");
    instructions
}
