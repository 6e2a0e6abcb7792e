//! What people read of the trainer, as it is now. After a change that was meant:
//! `INSTA_UPDATE=always cargo test --release --workspace snapshot`, and read the difference.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;

use insta::assert_snapshot;

/// What the help says, whatever the environment does.
fn help(command: &[&str]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_canopy-trainer"));
    let output = program.env_clear().args(command).arg("--help").output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

#[test]
fn snapshot_of_help() {
    assert_snapshot!("help", help(&[]));
    assert_snapshot!("help_train", help(&["train"]));
    assert_snapshot!("help_serve", help(&["serve"]));
}
