//! `canopy-trainer`: see [`canopy_trainer`].

use std::process::ExitCode;

use canopy_trainer::{Cli, Command, train};
use clap::Parser as _;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Train(arguments) => train(&arguments),
    };
    match outcome {
        Ok(report) => {
            print!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
