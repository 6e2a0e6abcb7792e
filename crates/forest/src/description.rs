//! A model's own description, as stored in the artifact: the content of `wit/model.wit`.

use serde::{Deserialize, Serialize};

/// What the model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// A number.
    Regression,
    /// One of several classes.
    Classification,
}

/// Kind of a feature's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An ordered quantity.
    Numerical,
    /// A code for a category.
    Categorical,
}

/// One input of the model, with the statistics of its training values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Key of the feature in a record.
    pub name: String,
    /// Kind of its values.
    pub kind: Kind,
    /// What it measures.
    pub description: String,
    /// Unit of its values; may be empty.
    pub unit: String,
    /// Smallest training value.
    pub minimum: f64,
    /// Largest training value.
    pub maximum: f64,
    /// Mean of the training values.
    pub mean: f64,
    /// Population standard deviation of the training values.
    pub standard_deviation: f64,
    /// A training value, from the same row for all features.
    pub example: f64,
    /// Share of the impurity decrease due to this feature, from 0 to 1.
    pub importance: Option<f64>,
}

/// What the model was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Training {
    /// Number of training rows.
    pub rows: u64,
    /// First day (ISO 8601), if the data has dates.
    pub from: Option<String>,
    /// Last day, inclusive (ISO 8601), if the data has dates.
    pub until: Option<String>,
    /// SHA-256 of the training rows, lower-case hexadecimal.
    pub data_digest: String,
}

/// The model's own description.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Name of the model.
    pub name: String,
    /// Version of the model.
    pub version: String,
    /// What it predicts.
    pub task: Task,
    /// Column of the true value.
    pub target: String,
    /// Key of the prediction in a response.
    pub response_field: String,
    /// Labels of the classes; empty for regression.
    pub classes: Vec<String>,
    /// Inputs in the order of a row.
    pub features: Vec<Feature>,
    /// What it was trained on.
    pub training: Training,
    /// How it was trained and compiled, as pairs of name and value.
    pub parameters: Vec<(String, String)>,
}

/// All values of one column of the reference sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Name of the column.
    pub name: String,
    /// One value per row.
    pub values: Vec<f64>,
}
