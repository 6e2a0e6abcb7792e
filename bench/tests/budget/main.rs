//! How many instructions the hottest functions take, counted by valgrind and held against
//! `bench/tests/budget.toml`: unlike time, the count is the same on a busy machine.
//!
//! It is ignored as other tests are that need a tool, and compares with `--ignored` or
//! `--include-ignored`; `write` (`make budget`) writes the counts as the new budget;
//! `work NAME ARTIFACT` is what valgrind runs.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod budget;
mod count;
mod work;

use std::env;
use std::process::ExitCode;

use budget::Budget;
use canopy_test_support::needs;
use tempfile::TempDir;

/// Arguments with which a test harness runs ignored tests.
const IGNORED: [&str; 2] = ["--ignored", "--include-ignored"];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["work", name, artifact] = arguments[..] {
        work::perform(name, artifact.as_ref());
        return ExitCode::SUCCESS;
    }
    if arguments.contains(&"--list") {
        // What `cargo nextest` runs is what it was told here.
        println!("instructions: test");
        return ExitCode::SUCCESS;
    }
    let write = arguments == ["write"];
    if !write && !arguments.iter().any(|argument| IGNORED.contains(argument)) {
        println!("test instructions ... ignored, needs valgrind");
        return ExitCode::SUCCESS;
    }
    let found = count::valgrind();
    let Some(valgrind) = needs("budget::instructions", "valgrind", found) else {
        return ExitCode::SUCCESS;
    };
    let folder = TempDir::new().unwrap();
    let artifact = folder.path().join("artifact");
    std::fs::write(&artifact, canopy_bench::trained().0).unwrap();
    let counts = work::NAMES.iter().map(|&name| {
        (
            name.to_owned(),
            count::instructions(&valgrind, name, &artifact),
        )
    });
    let counted = Budget::new(counts.collect());
    if write {
        counted.write();
        return ExitCode::SUCCESS;
    }
    if counted.keeps(&Budget::read()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
