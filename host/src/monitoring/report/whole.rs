//! A whole report of an evaluation.

use std::time::{SystemTime, UNIX_EPOCH};

use canopy_drift::{ColumnDrift, Distribution, Kind};
use canopy_rows::json::Labelled;
use canopy_runtime::Digest;
use serde::Serialize;

use super::outcome::Outcome;
use super::summary::Summary;
use crate::loaded_model::LoadedModel;
use crate::monitoring::evaluation::Evaluation;

/// An evaluation that succeeded.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Which one it is.
    #[serde(flatten)]
    pub head: Head,
    /// What `/evaluate` answered.
    #[serde(flatten)]
    pub summary: Summary,
    /// Labels of the classes, by which target and prediction are counted; none for a regression.
    pub classes: Vec<String>,
    /// Every column.
    pub columns: Vec<Column>,
    /// Predictions and true values.
    pub outcome: Outcome,
}

/// Which evaluation it is.
#[derive(Debug, Clone, Serialize)]
pub struct Head {
    /// Its name among those of the model: later ones are greater, through restarts too.
    pub id: u64,
    /// Unix time at which it was made.
    pub time: u64,
    /// The model that was evaluated.
    pub model: String,
    /// Its version.
    pub version: String,
    /// SHA-256 digest of the component.
    pub digest: Digest,
    /// What is predicted.
    pub target: String,
    /// Rows of the reference sample.
    pub reference_rows: usize,
}

/// A column's drift, and what it looks like.
#[derive(Debug, Serialize)]
pub struct Column {
    /// How far it is from its reference.
    #[serde(flatten)]
    pub drift: ColumnDrift,
    /// What its values are.
    pub kind: Kind,
    /// Whether the score is a p-value, where less means more drift.
    pub p_value: bool,
    /// Reference and current values.
    pub distribution: Distribution,
}

impl Report {
    /// The report of an evaluation of a loaded model that is registered under a name.
    #[must_use]
    pub fn new(
        id: u64,
        model: &str,
        loaded: &LoadedModel,
        labelled: &Labelled,
        evaluation: &Evaluation,
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
            },
            summary: Summary::new(evaluation, labelled.period.clone()),
            classes: info.classes.clone(),
            columns,
            outcome: Outcome::new(&labelled.targets, &evaluation.predicted, &info.classes),
        }
    }
}
