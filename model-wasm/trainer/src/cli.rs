//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use bytesize::ByteSize;
use canopy_cli::About;
use canopy_dataset::Source;
use canopy_telemetry::log::Config as LogConfig;
use canopy_web::Listen;
use clap::{Args, Parser, Subcommand};

use crate::retraining::Way;

/// Trains models and bakes them into WebAssembly components.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a model, verify it and write its component.
    Train(TrainArguments),
    /// Wait for alerts, retrain on the rows that the host stored, and publish the model if it is
    /// better.
    Serve(Box<ServeArguments>),
    /// Train a challenger in a process of its own; for `serve`.
    #[command(hide = true)]
    Retrain(RetrainArguments),
    /// Something about the command line itself.
    #[command(flatten)]
    About(About),
}

/// Arguments of `train`.
#[derive(Debug, Clone, Args)]
pub struct TrainArguments {
    /// The model's specification, a TOML file.
    #[arg(long, value_name = "FILE", env = "CANOPY_TRAINER_SPEC")]
    pub spec: PathBuf,
    /// File to write the component to; an existing file is replaced atomically.
    #[arg(long, value_name = "FILE", env = "CANOPY_TRAINER_OUTPUT")]
    pub output: PathBuf,
    /// Training data: the data that the specification names (default), only the rows built into the
    /// trainer (embedded), or a CSV file.
    #[arg(
        long,
        value_name = "default|embedded|FILE",
        env = "CANOPY_DATA",
        default_value = "default",
        value_parser = source
    )]
    pub data: Source,
    /// Number of threads [default: the number of cores]. The component does not depend on it.
    #[arg(long, value_name = "N", env = "CANOPY_TRAINER_THREADS")]
    pub threads: Option<NonZeroUsize>,
    /// Version of the model [default: the version in the specification].
    #[arg(long, value_name = "TEXT", env = "CANOPY_TRAINER_VERSION")]
    pub version: Option<String>,
}

/// Arguments of `serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArguments {
    /// The model's specification, a TOML file. It is reloaded for every run.
    #[arg(long, value_name = "FILE", env = "CANOPY_TRAINER_SPEC")]
    pub spec: PathBuf,
    /// The component file that the host serves. `--publish direct` replaces it atomically; the last
    /// ten previous models are kept next to it in `previous/`.
    #[arg(long, value_name = "FILE", env = "CANOPY_MODEL")]
    pub model: PathBuf,
    /// Folder where the host stores the labelled rows of its evaluations.
    #[arg(long, value_name = "FOLDER", env = "CANOPY_OBSERVATIONS")]
    pub observations: PathBuf,
    /// Folder that keeps the history of runs for the next start, in a file .NAME.runs.json [default:
    /// the folder of the component file].
    #[arg(long, value_name = "FOLDER", env = "CANOPY_TRAINER_STATE")]
    pub state: Option<PathBuf>,
    /// Training data in addition to the labelled rows: the data that the specification names
    /// (default), only the rows built into the trainer (embedded), or a CSV file.
    #[arg(
        long,
        value_name = "default|embedded|FILE",
        env = "CANOPY_DATA",
        default_value = "default",
        value_parser = source
    )]
    pub data: Source,
    /// Number of training threads, which have low priority [default: the number of cores].
    #[arg(long, value_name = "N", env = "CANOPY_TRAINER_THREADS")]
    pub threads: Option<NonZeroUsize>,
    /// Address and port to listen on, such as `127.0.0.1:8090`, `localhost:8090`, `:8090` or
    /// `8090`. Port 0 selects a free port.
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "CANOPY_TRAINER_LISTEN",
        default_value = "127.0.0.1:8090"
    )]
    pub listen: Listen,
    /// Time after the end of a run during which neither alerts nor requests start another.
    #[arg(
        long,
        value_name = "TIME",
        env = "CANOPY_TRAINER_COOLDOWN",
        default_value = "10m"
    )]
    pub cooldown: humantime::Duration,
    /// Minimum improvement of the score for a new model to be published, as a fraction of the
    /// serving model's score.
    #[arg(
        long,
        value_name = "SHARE",
        env = "CANOPY_TRAINER_MARGIN",
        default_value = "0.02",
        value_parser = margin
    )]
    pub margin: f64,
    /// How to publish a better model [default: canary with --host, otherwise direct].
    #[arg(long, value_name = "WAY", env = "CANOPY_TRAINER_PUBLISH", value_enum)]
    pub publish: Option<Way>,
    /// URL of the host, for `--publish canary`. The environment variable CANOPY_API_KEY, if set, is the
    /// API key of a user with the role admin.
    #[arg(long, value_name = "URL", env = "CANOPY_TRAINER_HOST")]
    pub host: Option<String>,
    /// Plan of the trial for `--publish canary`: the query of the host's `PUT /models/{name}/candidate`.
    /// A retrained model is meant to disagree with the serving one.
    #[arg(
        long,
        value_name = "QUERY",
        env = "CANOPY_TRAINER_TRIAL",
        default_value = "mode=canary&share=0.1&requests=200&max-disagreement=1"
    )]
    pub trial: String,
    /// Name of an alert that starts a run; may be repeated. Other alerts do nothing.
    #[arg(
        long,
        value_name = "NAME",
        env = "CANOPY_TRAINER_ALERT",
        value_delimiter = ',',
        default_value = "ModelRmseHigh,ModelScoreDrop"
    )]
    pub alert: Vec<String>,
    /// Maximum duration of a training.
    #[arg(
        long,
        value_name = "TIME",
        env = "CANOPY_TRAINER_RUN_TIME",
        default_value = "30m"
    )]
    pub run_time: humantime::Duration,
    /// Maximum memory of the process that trains [default: three quarters of the memory that there is].
    #[arg(long, value_name = "SIZE", env = "CANOPY_TRAINER_RUN_MEMORY")]
    pub run_memory: Option<ByteSize>,
    /// URL to forward alerts to instead of training: Airflow's `POST /api/v2/dags/{dag}/dagRuns`, or
    /// `/api/v1/…` of Airflow 2. The environment variable CANOPY_TRAINER_FORWARD_AUTHORIZATION, if set,
    /// is sent as the Authorization header; with CANOPY_TRAINER_FORWARD_USERNAME and
    /// CANOPY_TRAINER_FORWARD_PASSWORD, a token of Airflow 3 is.
    #[arg(long, value_name = "URL", env = "CANOPY_TRAINER_FORWARD")]
    pub forward: Option<String>,
    /// Name of a label or annotation of an alert that is forwarded; may be repeated.
    #[arg(
        long,
        value_name = "NAME",
        env = "CANOPY_TRAINER_FORWARD_LABEL",
        value_delimiter = ',',
        default_value = "alertname,instance,model"
    )]
    pub forward_label: Vec<String>,
    /// The HTTP server.
    #[command(flatten)]
    pub web: canopy_web::Config,
    /// Authentication.
    #[command(flatten)]
    pub auth: canopy_auth::Config,
    /// The log.
    #[command(flatten)]
    pub log: LogConfig,
}

impl ServeArguments {
    /// The training data, as on the command line.
    pub(crate) fn data_as_text(&self) -> String {
        match &self.data {
            Source::Default => "default".to_owned(),
            Source::Embedded => "embedded".to_owned(),
            Source::File(file) => file.display().to_string(),
        }
    }

    /// The file that keeps the history of runs. A host that serves the same folder ignores it.
    pub(crate) fn history(&self) -> PathBuf {
        let within = canopy_disk::folder(&self.model).to_owned();
        let folder = self.state.clone().unwrap_or(within);
        let name = self.model.file_stem().unwrap_or_default().to_string_lossy();
        folder.join(format!(".{name}.runs.json"))
    }
}

/// Arguments of the training process.
#[derive(Debug, Clone, Args)]
pub struct RetrainArguments {
    /// Maximum memory in bytes.
    #[arg(long)]
    pub memory: u64,
    /// Id of the process that waits for the model.
    #[arg(long)]
    pub parent: i32,
}

fn margin(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(margin) if (0.0..1.0).contains(&margin) => Ok(margin),
        _ => Err("expected a fraction from 0 up to but not including 1, such as 0.02".into()),
    }
}

pub(crate) fn source(text: &str) -> Result<Source, String> {
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
