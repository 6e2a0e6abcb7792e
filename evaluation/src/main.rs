//! The program `canopy-evaluation`; see the library.

use std::process::ExitCode;

use canopy_evaluation::Cli;

fn main() -> ExitCode {
    // Exits quietly when the reader of a pipe closes it, as in `canopy-evaluation … | head`.
    sigpipe::reset();
    canopy_evaluation::run(&canopy_cli::parse::<Cli>()).unwrap_or_else(|error| {
        eprintln!("canopy-evaluation: {error:#}");
        ExitCode::FAILURE
    })
}
