//! What is kept of an evaluation: its scores, its drift, and what is needed to draw both.

mod history;
mod outcome;
mod page;
mod summary;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use canopy_drift::{ColumnDrift, Distribution, Kind};
use serde::Serialize;

pub use history::History;
pub use outcome::Outcome;
pub use page::page;
pub use summary::Summary;

use crate::evaluation::Evaluation;
use crate::models::{Slot, Version};
use crate::row::json::Labelled;

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
    /// SHA-256 of the component.
    pub digest: String,
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
    /// Sums up an evaluation of a version of a model and keeps it in the model's history.
    pub(crate) fn keep(
        slot: &Slot,
        version: &Version,
        labelled: &Labelled,
        evaluation: &Evaluation,
    ) -> Arc<Self> {
        let info = version.served.model().info();
        let references = version.served.references();
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
        let summary = Summary::new(evaluation, labelled.period.clone());
        let outcome = Outcome::new(&labelled.targets, &evaluation.predicted, &info.classes);
        slot.history.add(|id| Self {
            head: Head {
                id,
                time: now().as_secs(),
                model: slot.name.to_string(),
                version: info.version.clone(),
                digest: version.digest().to_owned(),
                target: info.target.clone(),
                reference_rows: references.first().map_or(0, canopy_drift::Reference::len),
            },
            summary,
            classes: info.classes.clone(),
            columns,
            outcome,
        })
    }
}

/// Time since 1970.
fn now() -> std::time::Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}
