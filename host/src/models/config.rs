//! Which models are served, and where their versions are kept.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::name::ModelName;

/// Which models are served, and where their versions are kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Models")]
#[group(id = "models-config")]
pub struct Config {
    /// A model to serve: a component file, and its name [default: what it calls itself]. When the
    /// file is replaced, or on SIGHUP, it is loaded again, checked, and swapped in. The first one
    /// is the default model.
    #[arg(value_name = "[NAME=]FILE")]
    files: Vec<GivenModel>,
    /// The same as an option.
    #[arg(
        long = "model",
        env = "CANOPY_MODEL",
        value_name = "[NAME=]FILE",
        value_delimiter = ',',
        required_unless_present_any = ["models", "files"]
    )]
    more_files: Vec<GivenModel>,
    /// Folder of models: each NAME.wasm in it is served, and uploaded versions are kept in it.
    /// Without it models cannot be uploaded or rolled back.
    #[arg(id = "models", long, env = "CANOPY_MODELS", value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// The model that is meant where none is named [default: the first].
    #[arg(
        long = "default-model",
        env = "CANOPY_DEFAULT_MODEL",
        value_name = "NAME"
    )]
    pub default: Option<ModelName>,
    /// Folder in which compiled code is kept for the next start [default: .cache in the folder
    /// of models, if there is one].
    #[arg(long, env = "CANOPY_CACHE", value_name = "FOLDER")]
    cache: Option<PathBuf>,
    /// Versions of a model that are kept, at least 2.
    #[arg(
        long,
        env = "CANOPY_KEEP_VERSIONS",
        default_value = "5",
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    keep_versions: u32,
    /// Models that may be served.
    #[arg(long, env = "CANOPY_MAX_MODELS", default_value = "16", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_models: u32,
    /// Time between two looks at whether a model file was replaced.
    #[arg(
        long,
        env = "CANOPY_WATCH_INTERVAL",
        default_value = "1s",
        value_name = "TIME"
    )]
    watch_interval: humantime::Duration,
}

impl Config {
    /// The models of the command line; the first one is the default model.
    pub fn files(&self) -> impl Iterator<Item = &GivenModel> {
        self.files.iter().chain(&self.more_files)
    }

    /// Time between two looks at the model files; at least a millisecond.
    #[must_use]
    pub fn watch_interval(&self) -> Duration {
        Duration::from(self.watch_interval).max(Duration::from_millis(1))
    }

    /// Folder of compiled code, if there is one.
    #[must_use]
    pub fn cache(&self) -> Option<PathBuf> {
        let within = || Some(self.folder.as_ref()?.join(".cache"));
        self.cache.clone().or_else(within)
    }

    /// Models that may be served.
    pub(super) fn max_models(&self) -> usize {
        self.max_models as usize
    }

    /// Versions of a model that are kept.
    pub(super) fn keep_versions(&self) -> usize {
        self.keep_versions as usize
    }
}

/// A model that was named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenModel {
    /// Its name, if not what it calls itself.
    pub name: Option<ModelName>,
    /// Its component.
    pub path: PathBuf,
}

impl FromStr for GivenModel {
    type Err = Infallible;

    /// What is before a `=` is a name if it can be one, otherwise a part of the path.
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
