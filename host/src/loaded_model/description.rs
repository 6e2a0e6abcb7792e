//! A model's description as JSON.

use canopy_drift as drift;
use canopy_runtime::{Feature, Kind, Model, Task};
use serde::Serialize;
use utoipa::ToSchema;

/// The description of a component: what its model says of itself, and facts about the file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComponentDescription)]
pub(crate) struct Description<'a> {
    /// Name that the model gives itself.
    name: &'a str,
    /// Version of the model, such as `1.0.0`.
    version: &'a str,
    /// What the model predicts.
    task: TaskName,
    /// Column of the true values in labelled data.
    target: &'a str,
    /// Field of the prediction in a response.
    response_field: &'a str,
    /// Labels of the classes; empty for a regression.
    classes: &'a [String],
    /// The features in the order of the columns of a row.
    features: Vec<FeatureDescription<'a>>,
    /// The data that the model was trained on.
    training: TrainingData<'a>,
    /// How the model was trained and compiled, as pairs of a name and a value, for display.
    parameters: &'a [(String, String)],
    /// The component file.
    component: ComponentFile<'a>,
    /// Number of rows in the reference sample.
    reference_rows: usize,
}

/// What a model predicts: a number or a class.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Task)]
enum TaskName {
    Regression,
    Classification,
}

/// A feature of a model, with the statistics of its training values.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Feature)]
struct FeatureDescription<'a> {
    /// Field of the feature in a record.
    name: &'a str,
    /// Kind of its values.
    kind: drift::Kind,
    /// What it measures.
    description: &'a str,
    /// Unit of its values, such as `°C`; may be empty.
    unit: &'a str,
    /// Smallest training value.
    minimum: f64,
    /// Largest training value.
    maximum: f64,
    /// Mean of the training values.
    mean: f64,
    /// Population standard deviation of the training values.
    standard_deviation: f64,
    /// A value that occurred in training. The examples of all features come from one row.
    example: f64,
    /// Share of the total impurity decrease that is due to the feature, from 0 to 1; null if it is
    /// unknown.
    #[schema(required)]
    importance: Option<f64>,
}

/// The data that a model was trained on.
#[derive(Debug, Serialize, ToSchema)]
struct TrainingData<'a> {
    /// Number of training rows.
    rows: u64,
    /// First day of the training period as an ISO 8601 date; null if the data has no dates.
    #[schema(required)]
    from: Option<&'a str>,
    /// Last day of the training period, inclusive, as an ISO 8601 date; null if the data has no
    /// dates.
    #[schema(required)]
    until: Option<&'a str>,
    /// SHA-256 digest of the training rows.
    data_digest: &'a str,
}

/// The file of a component.
#[derive(Debug, Serialize, ToSchema)]
struct ComponentFile<'a> {
    /// SHA-256 digest of the file, prefixed with `sha256:`.
    digest: String,
    /// Size of the file in bytes.
    bytes: usize,
    /// The exported interface, with its version.
    interface: &'a str,
    /// Signatures of the functions of the interface.
    functions: &'a [String],
}

/// The description of a loaded component.
#[must_use]
pub(crate) fn description(model: &Model) -> Description<'_> {
    let info = model.info();
    let training = &info.training;
    Description {
        name: &info.name,
        version: &info.version,
        task: match info.task {
            Task::Regression => TaskName::Regression,
            Task::Classification => TaskName::Classification,
        },
        target: &info.target,
        response_field: &info.response_field,
        classes: &info.classes,
        features: info.features.iter().map(feature).collect(),
        training: TrainingData {
            rows: training.rows,
            from: training.from.as_deref(),
            until: training.until.as_deref(),
            data_digest: &training.data_digest,
        },
        parameters: &info.parameters,
        component: ComponentFile {
            digest: format!("sha256:{}", model.digest()),
            bytes: model.size(),
            interface: model.interface(),
            functions: model.functions(),
        },
        reference_rows: model.reference()[0].values.len(),
    }
}

fn feature(feature: &Feature) -> FeatureDescription<'_> {
    FeatureDescription {
        name: &feature.name,
        kind: kind(feature.kind),
        description: &feature.description,
        unit: &feature.unit,
        minimum: feature.minimum,
        maximum: feature.maximum,
        mean: feature.mean,
        standard_deviation: feature.standard_deviation,
        example: feature.example,
        importance: feature.importance,
    }
}

/// The kind of a feature as a kind of column.
pub(crate) fn kind(kind: Kind) -> drift::Kind {
    match kind {
        Kind::Numerical => drift::Kind::Numerical,
        Kind::Categorical => drift::Kind::Categorical,
    }
}
