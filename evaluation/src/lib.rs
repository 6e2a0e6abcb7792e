//! The client of a Canopy host: evaluates its model on periods of the bike-sharing data, saves
//! reports, sends prediction traffic, and makes alerts fire as a drill.

mod argument;
mod cli;
mod connection;
mod data;
mod drill;
mod evaluate;
mod host;
mod outcome;
mod period;
mod progress;
mod report;
mod response;
mod table;
mod traffic;

use std::process::ExitCode;

pub use cli::Cli;

/// Runs the command that was given.
///
/// The exit code is 0 if everything went as expected and otherwise 1.
///
/// # Errors
///
/// If there is no outcome to print: the data could not be loaded, or the host is not ready.
pub fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let success = match &cli.command {
        cli::Command::Evaluate(arguments) => evaluate::run(arguments)?,
        cli::Command::Report(arguments) => report::run(arguments)?,
        cli::Command::Traffic(arguments) => traffic::run(arguments)?,
        cli::Command::FireAlert(arguments) => drill::run(arguments)?,
        cli::Command::About(about) => {
            about.run::<Cli>(|_| String::new())?;
            true
        }
    };
    Ok(if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
