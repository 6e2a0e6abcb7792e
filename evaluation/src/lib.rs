//! The client of a Canopy host: evaluates its model on weeks of the bike-sharing data, saves the
//! reports, sends it prediction traffic, and makes its alerts fire as a drill.

mod answer;
mod argument;
mod cli;
mod connection;
mod data;
mod drill;
mod evaluate;
mod host;
mod outcome;
mod period;
mod problem;
mod report;
mod table;
mod traffic;

use std::process::ExitCode;

pub use cli::Cli;

/// Does what the command line says.
///
/// The exit code tells whether everything went as expected.
///
/// # Errors
///
/// When there is nothing to report: no data, or no host that is ready.
pub fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let well = match &cli.command {
        cli::Command::Evaluate(arguments) => evaluate::run(arguments)?,
        cli::Command::Report(arguments) => report::run(arguments)?,
        cli::Command::Traffic(arguments) => traffic::run(arguments)?,
        cli::Command::FireAlert(arguments) => drill::run(arguments)?,
    };
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
