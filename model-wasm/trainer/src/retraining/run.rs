//! What is told of a run.

use jiff::Timestamp;
use serde::Serialize;

use super::alert::Alert;

/// A run, under way or ended.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Run {
    /// Its number, from 1 since the service started.
    pub(crate) id: u64,
    /// Who wanted it.
    pub(crate) trigger: Trigger,
    /// How far it is.
    pub(crate) state: State,
    /// When it started.
    pub(crate) started: Timestamp,
    /// When it ended.
    pub(crate) ended: Option<Timestamp>,
    /// What it found out.
    #[serde(flatten)]
    pub(crate) findings: Findings,
    /// Why it was kept or skipped.
    pub(crate) reason: Option<String>,
    /// Why it failed.
    pub(crate) error: Option<String>,
}

/// Who wanted a run.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub(crate) enum Trigger {
    /// An alert.
    Alert {
        alertname: String,
        fingerprint: String,
        since: Timestamp,
    },
    /// A person.
    Hand,
}

impl From<&Alert> for Trigger {
    fn from(alert: &Alert) -> Self {
        Self::Alert {
            alertname: alert.name().to_owned(),
            fingerprint: alert.fingerprint.clone(),
            since: alert.starts_at,
        }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Running,
    Published,
    Kept,
    Failed,
    Skipped,
}

impl State {
    /// How a run can end.
    pub(crate) const OUTCOMES: [Self; 4] =
        [Self::Published, Self::Kept, Self::Failed, Self::Skipped];

    /// Its word in the label `outcome`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Published => "published",
            Self::Kept => "kept",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// How a run ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The challenger serves from now on.
    Published,
    /// The champion goes on serving, because of this.
    Kept(String),
    /// Nothing was trained, because of this.
    Skipped(String),
}

/// What a run found out, as far as it came.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Findings {
    /// Rows that the challenger was trained on.
    pub(crate) rows: Option<usize>,
    /// Rows of usable observed batches, the held-out ones included.
    pub(crate) observed_rows: Option<usize>,
    /// Rows that both models were scored on.
    pub(crate) held_out_rows: Option<usize>,
    /// Name of the score.
    pub(crate) score: Option<&'static str>,
    /// Score of the model that served; absent if there was none.
    pub(crate) champion_score: Option<f64>,
    /// Score of the trained model.
    pub(crate) challenger_score: Option<f64>,
    /// Version that was published.
    pub(crate) version: Option<String>,
    /// Digest of the component that was published.
    pub(crate) digest: Option<String>,
    /// What a person should look at.
    pub(crate) warnings: Vec<String>,
}
