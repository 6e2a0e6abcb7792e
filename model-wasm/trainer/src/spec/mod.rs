//! The specification of a model: its data, features, target and forest.

mod check;
mod error;
mod retraining;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use canopy_forest::{Kind, Task};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

pub use error::SpecError;
pub use retraining::Retraining;

/// A model's specification, read from a TOML file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Name of the model: lower-case letters, digits and hyphens.
    pub name: String,
    /// Version of the model, any text without white space.
    pub version: String,
    /// `regression` or `classification`.
    pub task: Task,
    /// Field of the prediction in a host's responses.
    pub response_field: String,
    /// Column to predict.
    pub target: String,
    /// Where the rows come from.
    pub data: Data,
    /// Inputs, in the order of their values in a row.
    pub features: Vec<Feature>,
    /// How the forest is grown.
    #[serde(default)]
    pub forest: Forest,
    /// Which observed rows a retraining learns from.
    #[serde(default)]
    pub retraining: Retraining,
}

/// Where the rows come from, and which of them are used.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// A named source; mutually exclusive with `file`.
    source: Option<Named>,
    /// A CSV file, relative to the specification; mutually exclusive with `source`.
    file: Option<PathBuf>,
    /// Column with the day of a row.
    pub date: Option<String>,
    /// First day to train on; default: the first day in the data. Requires `date`.
    #[serde(default, deserialize_with = "day")]
    pub from: Option<Date>,
    /// Last day to train on, inclusive; default: the last day in the data. Requires `date`.
    #[serde(default, deserialize_with = "day")]
    pub until: Option<Date>,
}

/// The named sources.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Named {
    BikeSharing,
}

/// Where the rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The UCI bike-sharing table.
    BikeSharing,
    /// A CSV file.
    File(&'a Path),
}

impl Data {
    /// Where the rows come from.
    #[must_use]
    pub fn origin(&self) -> Origin<'_> {
        match &self.file {
            Some(file) => Origin::File(file),
            None => Origin::BikeSharing,
        }
    }
}

/// One input of the model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Name of its column.
    pub name: String,
    /// `numerical` or `categorical`.
    pub kind: Kind,
    /// What it measures, in a sentence.
    pub description: String,
    /// Unit of its values, `1` for a dimensionless number; may be empty.
    pub unit: String,
}

/// How the forest is grown. Depths and row counts apply to each tree.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Forest {
    /// Number of trees; default 100.
    pub trees: NonZeroUsize,
    /// Maximum depth; default: no limit.
    pub max_depth: Option<u16>,
    /// Minimum number of rows in a leaf; default 1.
    pub min_samples_leaf: NonZeroUsize,
    /// Minimum number of rows in a node for it to be split; default 2.
    pub min_samples_split: usize,
    /// Number of randomly chosen features considered at each split: a number, or `all` (`None` here)
    /// for all of them; default `all`.
    #[serde(deserialize_with = "per_split")]
    pub features_per_split: Option<NonZeroUsize>,
    /// Tree number i, from 0, is grown from the random seed `seed + i`; default 42.
    pub seed: u32,
}

impl Default for Forest {
    fn default() -> Self {
        const HUNDRED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(99);
        Self {
            trees: HUNDRED,
            max_depth: None,
            min_samples_leaf: NonZeroUsize::MIN,
            min_samples_split: 2,
            features_per_split: None,
            seed: 42,
        }
    }
}

impl Spec {
    /// Reads and checks a specification.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, a key is missing or unknown, or a value is not valid.
    pub fn load(file: &Path) -> Result<Self, SpecError> {
        let text = fs::read_to_string(file).map_err(|source| SpecError::Read {
            file: file.into(),
            source,
        })?;
        let mut spec: Self = toml::from_str(&text).map_err(|problem| SpecError::Syntax {
            file: file.into(),
            problem: error::explain(&text, &problem),
        })?;
        if let Some((key, problem)) = spec.fault() {
            return Err(SpecError::Value {
                file: file.into(),
                key,
                problem,
            });
        }
        if let (Some(path), Some(folder)) = (&mut spec.data.file, file.parent()) {
            *path = folder.join(&*path);
        }
        Ok(spec)
    }

    /// Number of features considered at each split.
    #[must_use]
    pub fn features_per_split(&self) -> usize {
        let number = self.forest.features_per_split;
        number.map_or(self.features.len(), NonZeroUsize::get)
    }
}

/// Deserialises a day written as a TOML date or a string.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::Datetime(date) => date.to_string(),
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    match text.parse() {
        Ok(date) => Ok(Some(date)),
        Err(_) => Err(serde::de::Error::custom(format!(
            "expected a day such as 2011-01-31, found {text}"
        ))),
    }
}

/// Deserialises a number, or the string `all` as `None`.
fn per_split<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NonZeroUsize>, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    if value.as_str() == Some("all") {
        return Ok(None);
    }
    let number = value
        .as_integer()
        .and_then(|number| usize::try_from(number).ok());
    match number.and_then(NonZeroUsize::new) {
        Some(number) => Ok(Some(number)),
        None => Err(serde::de::Error::custom(format!(
            "expected \"all\" or a number of at least 1, found {value}"
        ))),
    }
}
