//! A running `canopy` and the means to talk to it.

use std::fs;
use std::io::Read as _;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::{Child, Command};

pub(crate) use canopy_test_support::PATIENCE;
use canopy_test_support::Service;
use serde_json::Value;

/// The binary under test.
pub(crate) const CANOPY: &str = env!("CARGO_BIN_EXE_canopy");

/// A `canopy serve` on a free port; killed when dropped.
pub(crate) struct Server(Service);

impl Server {
    /// Serves a component file with further arguments; returns when it is ready.
    pub(crate) fn start(model: &Path, arguments: &[&str]) -> Self {
        Self::spawn(&[&["--model", model.to_str().unwrap()], arguments].concat())
    }

    /// Serves with these arguments; returns when it is ready.
    pub(crate) fn spawn(arguments: &[&str]) -> Self {
        Self::launch(Command::new(CANOPY), arguments)
    }

    /// As [`Self::spawn`], with a command that becomes `canopy`.
    pub(crate) fn launch(command: Command, arguments: &[&str]) -> Self {
        Self(Service::launch(command, arguments))
    }

    /// Posts JSON; answers status and body.
    pub(crate) fn post_json(&self, path: &str, body: &Value) -> (u16, Value) {
        self.post_text(path, body.to_string())
    }

    /// Posts text as JSON; answers status and body.
    pub(crate) fn post_text(&self, path: &str, body: impl Into<String>) -> (u16, Value) {
        let request = self.post(path).header("content-type", "application/json");
        let response = request.body(body.into()).send().unwrap();
        (response.status().as_u16(), response.json().unwrap())
    }
}

impl Deref for Server {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.0
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.0
    }
}

/// Runs `canopy` to its end; answers whether it succeeded, and what it printed.
pub(crate) fn run(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(CANOPY).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.success(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Resident memory of a process in bytes.
pub(crate) fn resident(process: &Child) -> u64 {
    let mut status = String::new();
    let path = format!("/proc/{}/status", process.id());
    fs::File::open(path)
        .unwrap()
        .read_to_string(&mut status)
        .unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
