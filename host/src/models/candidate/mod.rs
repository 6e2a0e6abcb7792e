//! Candidates: versions on trial, with the findings about them.

mod evidence;
mod findings;
mod plan;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use canopy_runtime::{Digest as ComponentDigest, Rows, Task, argmax};
use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;
use utoipa::ToSchema;

use super::change::Outcome;
use super::version::Version;
use crate::loaded_model::LoadedModel;

pub use evidence::Client;
pub use findings::{Findings, Verdict};
pub use plan::{Mode, Plan};

/// A version on trial.
pub struct Candidate {
    /// The version.
    pub version: Arc<Version>,
    /// The plan of the trial.
    pub plan: Plan,
    /// Maximum difference between two agreeing predictions, in the unit of the target.
    tolerance: f64,
    since: Instant,
    findings: Mutex<Findings>,
    decided: AtomicBool,
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EndedTrial)]
pub struct Ended {
    /// The candidate's version.
    pub version: String,
    /// What happened to the candidate.
    pub outcome: Outcome,
    /// The reason, for display.
    pub reason: String,
}

/// A trial in progress, with its plan and the findings so far.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Trial {
    /// The candidate's version.
    version: String,
    /// SHA-256 digest of the candidate's component.
    #[schema(value_type = String)]
    digest: ComponentDigest,
    #[serde(flatten)]
    #[schema(schema_with = Plan::in_full)]
    plan: Plan,
    /// Number of requests whose predictions were compared with the serving version's.
    compared: u64,
    /// Number of requests whose predictions agree.
    agreed: u64,
    /// Number of requests whose predictions do not agree.
    disagreed: u64,
    /// Number of calls that failed although the serving version succeeded.
    failed: u64,
    /// Number of distinct rows compared, up to the plan's minimum.
    distinct_rows: usize,
    /// Number of clients whose rows were compared, up to the plan's minimum.
    clients: usize,
    /// Duration of the trial in seconds, since it began or the host started.
    seconds: u64,
    /// Median duration of the candidate's latest calls with one row, in seconds; null if there are
    /// none.
    #[schema(required)]
    median_seconds: Option<f64>,
    /// Median duration of the serving version's latest calls with one row since the trial began, in
    /// seconds; null if there are none.
    #[schema(required)]
    serving_median_seconds: Option<f64>,
}

impl Candidate {
    /// Puts a version on trial against the serving one.
    #[must_use]
    pub fn new(version: Arc<Version>, plan: Plan, serving: &LoadedModel) -> Self {
        Self {
            tolerance: plan.tolerance * spread(serving),
            version,
            plan,
            since: Instant::now(),
            findings: Mutex::default(),
            decided: AtomicBool::new(false),
        }
    }

    /// Whether a request goes to the canary. Requests with the same id go to the same version while the
    /// process lives; without an id, it is random.
    #[must_use]
    pub fn takes(&self, request_id: Option<&str>) -> bool {
        let position = match request_id {
            // A hash with a secret, so that nobody can compute an id that selects a version.
            Some(id) => {
                let hash = evidence::hash((self.version.digest().to_string(), id));
                hash as f64 / u64::MAX as f64
            }
            None => fastrand::f64(),
        };
        self.plan.mode == Mode::Canary && position < self.plan.share
    }

    /// Whether two versions' predictions of the same rows agree.
    #[must_use]
    pub fn agrees(&self, ours: &[f64], theirs: &[f64]) -> bool {
        let model = self.version.loaded.model();
        match model.info().task {
            Task::Regression => ours
                .iter()
                .zip(theirs)
                .all(|(a, b)| (a - b).abs() <= self.tolerance),
            Task::Classification => {
                let outputs = model.outputs();
                ours.chunks(outputs)
                    .zip(theirs.chunks(outputs))
                    .all(|(a, b)| argmax(a) == argmax(b))
            }
        }
    }

    /// Records the duration of a call of the serving version with one row.
    pub fn serving_took(&self, duration: Duration) {
        self.lock().serving.push(duration);
    }

    /// Records the duration of a call of the candidate with one row.
    pub fn took(&self, duration: Duration) {
        self.lock().candidate.push(duration);
    }

    /// Records a comparison of the predictions of these rows for a client, if it is known.
    pub fn compared(&self, agrees: bool, rows: &Rows, client: Option<&Client>) {
        let mut findings = self.lock();
        findings.evidence.add(rows.iter(), client, &self.plan);
        if agrees {
            findings.agreed += 1;
        } else {
            findings.disagreed += 1;
        }
    }

    /// Records that the candidate failed where the serving version succeeded.
    pub fn failed(&self) {
        self.lock().failed += 1;
    }

    /// The findings so far.
    #[must_use]
    pub fn findings(&self) -> Findings {
        self.lock().clone()
    }

    /// The trial and its findings, for display.
    #[must_use]
    pub fn trial(&self) -> Trial {
        let findings = self.lock();
        Trial {
            version: self.version.loaded.model().info().version.clone(),
            digest: self.version.digest(),
            plan: self.plan.clone(),
            compared: findings.agreed + findings.disagreed,
            agreed: findings.agreed,
            disagreed: findings.disagreed,
            failed: findings.failed,
            distinct_rows: findings.evidence.rows(),
            clients: findings.evidence.clients(),
            seconds: self.since.elapsed().as_secs(),
            median_seconds: findings.candidate.median(),
            serving_median_seconds: findings.serving.median(),
        }
    }

    /// The verdict, returned only once: when the plan's number of requests is reached, or earlier if
    /// too many of them have already gone wrong.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let requests = self.plan.requests?;
        if self.decided.load(Ordering::Relaxed) {
            return None;
        }
        let verdict = {
            let findings = self.lock();
            findings.verdict(&self.plan, requests, self.since.elapsed())?
        };
        let first = !self.decided.swap(true, Ordering::Relaxed);
        first.then_some(verdict)
    }

    /// Allows another verdict, after one could not be carried out.
    pub(super) fn reopen(&self) {
        self.decided.store(false, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Findings> {
        self.findings.lock()
    }
}

/// Standard deviation of the predictions in a model's reference sample.
fn spread(model: &LoadedModel) -> f64 {
    let values = model.model().reference().last();
    let values = values.map_or(&[][..], |predictions| &predictions.values);
    let rows = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / rows;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    (squares.sum::<f64>() / rows).sqrt()
}
