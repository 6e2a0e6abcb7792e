//! The specification of a model: what to train on what.

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
    /// Key of the prediction in a host's answers.
    pub response_field: String,
    /// Column to be predicted.
    pub target: String,
    /// Where the rows come from.
    pub data: Data,
    /// Inputs, in the order in which a row holds them.
    pub features: Vec<Feature>,
    /// How the forest is grown.
    #[serde(default)]
    pub forest: Forest,
    /// Which observed rows a retraining learns from.
    #[serde(default)]
    pub retraining: Retraining,
}

/// Where the rows come from and which of them are used.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// A source known by name; otherwise `file`.
    source: Option<Named>,
    /// A CSV file, relative to the specification; otherwise `source`.
    file: Option<PathBuf>,
    /// Column with the day of a row.
    pub date: Option<String>,
    /// First day to train on; default: the first there is. Needs `date`.
    #[serde(default, deserialize_with = "day")]
    pub from: Option<Date>,
    /// Last day to train on, inclusive; default: the last there is. Needs `date`.
    #[serde(default, deserialize_with = "day")]
    pub until: Option<Date>,
}

/// The sources known by name.
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
    /// Its column.
    pub name: String,
    /// `numerical` or `categorical`.
    pub kind: Kind,
    /// What it measures, in a sentence.
    pub description: String,
    /// Unit of its values, `1` for a pure number; may be empty.
    pub unit: String,
}

/// How the forest is grown. Depth and counts are those of a single tree.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Forest {
    /// Number of trees; default 100.
    pub trees: NonZeroUsize,
    /// Largest depth of a tree; default: no limit.
    pub max_depth: Option<u16>,
    /// Least rows in a leaf; default 1.
    pub min_samples_leaf: NonZeroUsize,
    /// Least rows of a node that is split; default 2.
    pub min_samples_split: usize,
    /// Features tried at each split, drawn at random: a number, or `all` for every one, which
    /// is `None` here; default `all`.
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
    /// [`SpecError`]: an unreadable file, a missing or unknown key, an impossible value.
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

    /// Features tried at each split.
    #[must_use]
    pub fn features_per_split(&self) -> usize {
        let number = self.forest.features_per_split;
        number.map_or(self.features.len(), NonZeroUsize::get)
    }
}

/// Reads a day that is written as a TOML date or as a text.
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

/// Reads a number, or the word `all` as `None`.
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
            "expected \"all\" or a number from 1 on, found {value}"
        ))),
    }
}
