//! Counting with valgrind.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use canopy_test_support::script;

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
    let folder = script("unpack.sh", &["valgrind", "valgrind"])?;
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
