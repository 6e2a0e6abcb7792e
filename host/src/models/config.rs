//! Configuration of models: which ones to serve, and where to store their versions.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::name::ModelName;

/// Which models to serve, and where to store their versions.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Models")]
#[group(id = "models-config")]
pub struct Config {
    /// Component file of a model to serve, optionally with a name [default: the name in the model's
    /// description]. When the file is replaced, or on SIGHUP, it is loaded, checked and swapped in.
    /// The first model is the default model.
    #[arg(value_name = "[NAME=]FILE")]
    files: Vec<GivenModel>,
    /// Model to serve, in the form of an option.
    #[arg(
        long = "model",
        env = "CANOPY_MODEL",
        value_name = "[NAME=]FILE",
        value_delimiter = ',',
        required_unless_present_any = ["models", "files"]
    )]
    more_files: Vec<GivenModel>,
    /// Folder of models: every NAME.wasm in it is served, and uploaded versions are stored in it.
    /// Without this folder, models cannot be uploaded or rolled back.
    #[arg(id = "models", long, env = "CANOPY_MODELS", value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Model to use for requests that do not name one [default: the first model].
    #[arg(
        long = "default-model",
        env = "CANOPY_DEFAULT_MODEL",
        value_name = "NAME"
    )]
    pub default: Option<ModelName>,
    /// Folder where compiled code is cached for the next start [default: .cache in the folder of
    /// models, if there is one].
    #[arg(long, env = "CANOPY_CACHE", value_name = "FOLDER")]
    cache: Option<PathBuf>,
    /// Number of versions to keep per model; the serving and the previous version and the
    /// candidate are always kept.
    #[arg(
        long,
        env = "CANOPY_KEEP_VERSIONS",
        default_value = "5",
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    keep_versions: u32,
    /// Maximum number of models.
    #[arg(long, env = "CANOPY_MAX_MODELS", default_value = "16", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_models: u32,
    /// Interval at which model files are checked for changes.
    #[arg(
        long,
        env = "CANOPY_WATCH_INTERVAL",
        default_value = "1s",
        value_name = "TIME"
    )]
    watch_interval: humantime::Duration,
}

impl Config {
    /// The models given on the command line.
    pub fn files(&self) -> impl Iterator<Item = &GivenModel> {
        self.files.iter().chain(&self.more_files)
    }

    /// Interval at which model files are checked; at least a millisecond.
    #[must_use]
    pub fn watch_interval(&self) -> Duration {
        Duration::from(self.watch_interval).max(Duration::from_millis(1))
    }

    /// Folder for cached compiled code, if there is one.
    #[must_use]
    pub fn cache(&self) -> Option<PathBuf> {
        let within = || Some(self.folder.as_ref()?.join(".cache"));
        self.cache.clone().or_else(within)
    }

    /// Maximum number of models.
    pub(super) fn max_models(&self) -> usize {
        self.max_models as usize
    }

    /// Number of versions to keep per model.
    pub(super) fn keep_versions(&self) -> usize {
        self.keep_versions as usize
    }
}

/// A model given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenModel {
    /// The name to register it under; `None` for the name in its description.
    pub name: Option<ModelName>,
    /// The component file.
    pub path: PathBuf,
}

impl FromStr for GivenModel {
    type Err = Infallible;

    /// Parses `[NAME=]FILE`. If the part before the first `=` is not a valid name, the whole text is
    /// a path.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let named = text
            .split_once('=')
            .and_then(|(name, path)| Some((name.parse().ok()?, path)));
        Ok(match named {
            Some((name, path)) => Self {
                name: Some(name),
                path: path.into(),
            },
            None => Self {
                name: None,
                path: text.into(),
            },
        })
    }
}
