//! The record of a run.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::challenge::Score;

/// A run, in progress or ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Number of the run, counted from 1 and on after a restart.
    pub(crate) id: u64,
    /// What started the run.
    #[serde(rename = "trigger")]
    pub(crate) started_by: StartedBy,
    /// The state of the run.
    pub(crate) state: State,
    /// When the run started.
    pub(crate) started: Timestamp,
    /// When the run ended.
    pub(crate) ended: Option<Timestamp>,
    /// The findings of the run.
    #[serde(flatten)]
    pub(crate) findings: Findings,
    /// Why the champion was kept or the run was skipped, or what remains to be done.
    pub(crate) reason: Option<String>,
    /// Why the run failed.
    pub(crate) error: Option<String>,
}

/// What started a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub(crate) enum StartedBy {
    /// An alert.
    Alert {
        alertname: String,
        fingerprint: String,
        since: Timestamp,
    },
    /// A manual request.
    Hand,
}

impl From<&Alert> for StartedBy {
    fn from(alert: &Alert) -> Self {
        Self::Alert {
            alertname: alert.name().to_owned(),
            fingerprint: alert.fingerprint.clone(),
            since: alert.starts_at,
        }
    }
}

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Running,
    Published,
    /// The challenger is on trial at the host.
    Proposed,
    /// The challenger is written beside the model, for somebody to review.
    Written,
    Kept,
    Failed,
    Skipped,
}

impl State {
    /// The states in which a run can end.
    pub(crate) const OUTCOMES: [Self; 6] = [
        Self::Published,
        Self::Proposed,
        Self::Written,
        Self::Kept,
        Self::Failed,
        Self::Skipped,
    ];

    /// The value of the label `outcome`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Published => "published",
            Self::Proposed => "proposed",
            Self::Written => "written",
            Self::Kept => "kept",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// The result of a run that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The challenger replaced the model file.
    Published,
    /// The challenger is on trial at the host; says where.
    Proposed(String),
    /// The challenger was written for review; says how to publish it.
    Written(String),
    /// The champion was kept, for this reason.
    Kept(String),
    /// Nothing was trained, for this reason.
    Skipped(String),
}

/// The scores of both models on some rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Check {
    /// Which rows.
    pub(crate) rows_of: String,
    /// Number of rows.
    pub(crate) rows: usize,
    /// What the challenger is compared with: the champion's score.
    pub(crate) champion_score: f64,
    /// Score of the challenger.
    pub(crate) challenger_score: f64,
}

/// The findings of a run, as far as it got.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Findings {
    /// Number of rows that the challenger was trained on.
    pub(crate) rows: Option<usize>,
    /// Number of rows in usable observed batches, including the held-out ones.
    pub(crate) observed_rows: Option<usize>,
    /// Number of rows that the models were scored on.
    pub(crate) held_out_rows: Option<usize>,
    /// Name of the score.
    pub(crate) score: Option<Score>,
    /// Score of the champion; absent if there was none.
    pub(crate) champion_score: Option<f64>,
    /// Score of the challenger.
    pub(crate) challenger_score: Option<f64>,
    /// Scores on other rows, where the challenger must not be much worse.
    pub(crate) checks: Vec<Check>,
    /// Ids of the batches that were set aside because of their true values.
    pub(crate) set_aside: Vec<String>,
    /// Version that was published, proposed or written.
    pub(crate) version: Option<String>,
    /// Digest of its component.
    pub(crate) digest: Option<String>,
    /// Warnings for the operator.
    pub(crate) warnings: Vec<String>,
}
