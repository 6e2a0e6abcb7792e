//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use canopy_dataset::Source;
use clap::{Args, Parser, Subcommand};

/// Trains models and bakes them into WebAssembly components.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the trainer can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a model, check it and write its component.
    Train(TrainArguments),
}

/// What `train` needs to know.
#[derive(Debug, Clone, Args)]
pub struct TrainArguments {
    /// The model's specification, a TOML file.
    #[arg(long, value_name = "FILE", env = "CANOPY_TRAINER_SPEC")]
    pub spec: PathBuf,
    /// Where to write the component; an existing file is replaced once the new one is whole.
    #[arg(long, value_name = "FILE", env = "CANOPY_TRAINER_OUTPUT")]
    pub output: PathBuf,
    /// The data: what the specification names (default), only rows built into the trainer
    /// (embedded), or a CSV file.
    #[arg(
        long,
        value_name = "default|embedded|FILE",
        env = "CANOPY_DATA",
        default_value = "default",
        value_parser = source
    )]
    pub data: Source,
    /// Threads to train on [default: every core]. The component does not depend on it.
    #[arg(long, value_name = "N", env = "CANOPY_TRAINER_THREADS")]
    pub threads: Option<NonZeroUsize>,
    /// Version of the model [default: the specification's].
    #[arg(long, value_name = "TEXT", env = "CANOPY_TRAINER_VERSION")]
    pub version: Option<String>,
}

fn source(text: &str) -> Result<Source, String> {
    Ok(match text {
        "" => return Err("expected default, embedded or a file".into()),
        "default" => Source::Default,
        "embedded" => Source::Embedded,
        file => Source::File(file.into()),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
