//! The full report of an evaluation.

use std::time::{SystemTime, UNIX_EPOCH};

use canopy_drift::{ColumnDrift, Distribution, Kind};
use canopy_rows::json::Labelled;
use canopy_runtime::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Outcome;
use super::summary::Summary;
use crate::loaded_model::LoadedModel;
use crate::monitoring::evaluation::Evaluation;

/// The full report of a successful evaluation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Identifies the evaluation.
    #[serde(flatten)]
    pub head: Head,
    /// The figures that `/evaluate` responds with.
    #[serde(flatten)]
    pub summary: Summary,
    /// Labels of the classes, into which targets and predictions are indices; empty for a
    /// regression.
    pub classes: Vec<String>,
    /// Drift and distribution of every column.
    pub columns: Vec<Column>,
    /// Predictions and true values.
    pub outcome: Outcome,
}

/// Identifies an evaluation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = EvaluationHead)]
pub struct Head {
    /// Id of the evaluation, unique for its model and increasing over time, even across restarts.
    pub id: u64,
    /// Unix time of the evaluation in seconds.
    pub time: u64,
    /// The model that was evaluated.
    pub model: String,
    /// The version of the model.
    pub version: String,
    /// SHA-256 digest of the component.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// Name of the target.
    pub target: String,
    /// Number of rows in the reference sample.
    pub reference_rows: usize,
    /// Whether it has set the gauges of quality and drift.
    pub counted: bool,
}

/// An evaluation in the list of evaluations.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = EvaluationEntry)]
pub struct Entry {
    /// Identifies the evaluation.
    #[serde(flatten)]
    pub head: Head,
    /// Its figures.
    #[serde(flatten)]
    pub summary: Summary,
}

/// The drift and the distribution of a column.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportedColumn)]
pub struct Column {
    /// Its drift from the reference sample.
    #[serde(flatten)]
    pub drift: ColumnDrift,
    /// Whether it is numerical or categorical.
    pub kind: Kind,
    /// Whether the score is a p-value, so that smaller values mean more drift.
    pub p_value: bool,
    /// Distributions of its reference and current values.
    pub distribution: Distribution,
}

impl Report {
    /// Creates the report of an evaluation of a model that is registered as `model`.
    #[must_use]
    pub fn new(
        id: u64,
        model: &str,
        loaded: &LoadedModel,
        labelled: &Labelled,
        evaluation: &Evaluation,
        counted: bool,
    ) -> Self {
        let info = loaded.model().info();
        let references = loaded.references();
        let columns = evaluation.drift.columns.iter().cloned();
        let columns = columns
            .zip(&evaluation.distributions)
            .zip(references)
            .map(|((drift, distribution), reference)| Column {
                p_value: drift.method.is_p_value(),
                drift,
                kind: reference.kind(),
                distribution: distribution.clone(),
            })
            .collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            head: Head {
                id,
                time: now.unwrap_or_default().as_secs(),
                model: model.to_owned(),
                version: info.version.clone(),
                digest: loaded.model().digest(),
                target: info.target.clone(),
                reference_rows: references.first().map_or(0, canopy_drift::Reference::len),
                counted,
            },
            summary: Summary::new(evaluation, labelled.period.clone()),
            classes: info.classes.clone(),
            columns,
            outcome: Outcome::new(&labelled.targets, &evaluation.predicted, &info.classes),
        }
    }

    /// The evaluation in the list of evaluations.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Entry {
            head: self.head.clone(),
            summary: self.summary.clone(),
        }
    }
}
