//! The `canopy` binary: parses the command line, runs the command and reports errors.

use std::path::PathBuf;
use std::process::ExitCode;

use canopy::cli::probe::{self, Target};
use canopy::cli::user::{self, UserCommand};
use canopy::cli::{inspect, reference, serve};
use canopy::config::ServeConfig;
use canopy_cli::About;
use canopy_runtime::{CompilerSettings, compile};
use clap::{Parser, Subcommand};

/// WebAssembly-plugin inference host.
#[derive(Debug, Parser)]
#[command(name = "canopy", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a model over HTTP.
    Serve(Box<ServeConfig>),
    /// Print what a model says of itself and the interface its component exports.
    Inspect {
        /// The component file.
        model: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change the users that may send requests.
    #[command(subcommand)]
    User(UserCommand),
    /// Compile a component from standard input; for `serve`, which has it done apart.
    #[command(hide = true)]
    Compile(CompilerSettings),
    /// Ask a running host whether it is ready; for health checks of containers.
    Probe(Target),
    /// Send the model's own example to a running host; prints the request and the answer.
    Example(Target),
    #[command(flatten)]
    About(About),
}

fn main() -> ExitCode {
    let result = match canopy_cli::parse::<Cli>().command {
        Command::Serve(config) => serve::run(*config),
        Command::Inspect { model, json } => inspect::run(&model, json),
        Command::User(command) => user::run(command),
        Command::Compile(settings) => compile(settings),
        Command::Probe(host) => probe::run(&host),
        Command::Example(host) => probe::example(&host),
        Command::About(about) => about.run::<Cli>(reference::part),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("canopy: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
