//! The `canopy-trainer` program; see [`canopy_trainer`].

use std::io::Write as _;
use std::process::ExitCode;

use canopy_trainer::{Cli, Command, reference, retrain_apart, serve, train};

fn main() -> ExitCode {
    let outcome = match canopy_cli::parse::<Cli>().command {
        Command::Train(arguments) => train(&arguments).map(|report| {
            // The model has been written, so failing to print the report is not an error.
            let _ = write!(std::io::stdout(), "{report}");
        }),
        Command::Serve(arguments) => serve(*arguments),
        Command::Retrain(arguments) => retrain_apart(&arguments),
        Command::About(about) => about.run::<Cli>(reference),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = format!("{error:#}");
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            eprintln!("canopy-trainer: {}", lines.join(" "));
            ExitCode::FAILURE
        }
    }
}
