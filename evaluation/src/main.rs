//! `canopy-evaluation`: see the library.

use std::process::ExitCode;

use canopy_evaluation::Cli;
use clap::Parser;

fn main() -> ExitCode {
    canopy_evaluation::run(&Cli::parse()).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
