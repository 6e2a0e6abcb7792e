//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use canopy_cli::About;
use canopy_dataset::Source;
use canopy_telemetry::log::Config as LogConfig;
use canopy_web::Listen;
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
    /// Wait for alerts, train on what the host observed, and publish a model that is better.
    Serve(Box<ServeArguments>),
    /// Something about the command line itself.
    #[command(flatten)]
    About(About),
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

/// What `serve` needs to know.
#[derive(Debug, Clone, Args)]
pub struct ServeArguments {
    /// The model's specification, a TOML file; read again for every run.
    #[arg(long, value_name = "FILE", env = "CANOPY_TRAINER_SPEC")]
    pub spec: PathBuf,
    /// The component that the host serves. A better one is renamed over it; those before are
    /// kept beside it, in `previous/`, the newest ten.
    #[arg(long, value_name = "FILE", env = "CANOPY_MODEL")]
    pub model: PathBuf,
    /// The folder where the host keeps the labelled rows of its evaluations.
    #[arg(long, value_name = "DIR", env = "CANOPY_OBSERVATIONS")]
    pub observations: PathBuf,
    /// The reference rows: what the specification names (default), only rows built into the
    /// trainer (embedded), or a CSV file.
    #[arg(
        long,
        value_name = "default|embedded|FILE",
        env = "CANOPY_DATA",
        default_value = "default",
        value_parser = source
    )]
    pub data: Source,
    /// Threads to train on, all of low priority [default: every core].
    #[arg(long, value_name = "N", env = "CANOPY_TRAINER_THREADS")]
    pub threads: Option<NonZeroUsize>,
    /// Address and port to listen on: `127.0.0.1:8090`, `localhost:8090`, `:8090` or `8090`; port
    /// 0 takes a free one.
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "CANOPY_TRAINER_LISTEN",
        default_value = "127.0.0.1:8090"
    )]
    pub listen: Listen,
    /// Time after the end of a run in which no alert starts another.
    #[arg(
        long,
        value_name = "TIME",
        env = "CANOPY_TRAINER_COOLDOWN",
        default_value = "10m"
    )]
    pub cooldown: humantime::Duration,
    /// How much better the new model's score must be to be published, as a share of the serving
    /// model's score.
    #[arg(
        long,
        value_name = "SHARE",
        env = "CANOPY_TRAINER_MARGIN",
        default_value = "0.02",
        value_parser = margin
    )]
    pub margin: f64,
    /// Train nothing; post the alert to this URL instead, as `{"conf": {…}}` with its labels and
    /// annotations, which is what Airflow's `POST /api/v1/dags/{dag}/dagRuns` takes. The
    /// environment variable CANOPY_TRAINER_FORWARD_AUTHORIZATION, if set, is its Authorization
    /// header.
    #[arg(long, value_name = "URL", env = "CANOPY_TRAINER_FORWARD")]
    pub forward: Option<String>,
    /// How long clients may take.
    #[command(flatten)]
    pub web: canopy_web::Config,
    /// Who may send requests.
    #[command(flatten)]
    pub auth: canopy_auth::Config,
    /// How the log is written.
    #[command(flatten)]
    pub log: LogConfig,
}

fn margin(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(margin) if (0.0..1.0).contains(&margin) => Ok(margin),
        _ => Err("expected a share from 0 to below 1, such as 0.02".into()),
    }
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
