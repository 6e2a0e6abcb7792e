//! Candidates: versions on trial, with the findings about them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use canopy_runtime::{Digest as ComponentDigest, Task, argmax};
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::change::Outcome;
use super::version::Version;
use crate::loaded_model::LoadedModel;

/// How a candidate is tried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It gets a copy of every request; its predictions are compared but never returned.
    Shadow,
    /// It answers a share of the requests.
    Canary,
}

impl Mode {
    /// The name of the mode.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Canary => "canary",
        }
    }
}

/// The plan of a trial: which requests the candidate gets, and the criteria for promoting it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Plan {
    /// How the candidate is tried out.
    #[schema(inline)]
    pub mode: Mode,
    /// Share of the requests that a canary answers, from 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    pub share: f64,
    /// Number of compared or failed requests after which the trial is decided. Without it, the trial
    /// is decided manually.
    #[schema(minimum = 1, nullable = false)]
    pub requests: Option<u64>,
    /// Maximum share of failed requests for a promotion.
    #[schema(minimum = 0, maximum = 1)]
    pub max_errors: f64,
    /// Maximum median duration of a call for a promotion, as a multiple of the serving version's.
    #[schema(minimum = 0)]
    pub max_latency: f64,
    /// Maximum share of disagreeing predictions for a promotion.
    #[schema(minimum = 0, maximum = 1)]
    pub max_disagreement: f64,
    /// Maximum difference between two agreeing predictions of a regression, in standard deviations
    /// of the predictions in the reference sample. Classes agree if they are equal.
    #[schema(minimum = 0)]
    pub tolerance: f64,
}

impl Default for Plan {
    /// A shadow whose trial is decided manually.
    fn default() -> Self {
        Self {
            mode: Mode::Shadow,
            share: 0.1,
            requests: None,
            max_errors: 0.01,
            max_latency: 2.0,
            max_disagreement: 0.1,
            tolerance: 0.25,
        }
    }
}

impl Plan {
    /// The invalid fields, each with its problem.
    #[must_use]
    pub fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let positive = |value: f64| value.is_finite() && value >= 0.0;
        [
            ("share", share(self.share), "must be from 0 to 1"),
            ("max-errors", share(self.max_errors), "must be from 0 to 1"),
            (
                "max-disagreement",
                share(self.max_disagreement),
                "must be from 0 to 1",
            ),
            (
                "max-latency",
                positive(self.max_latency),
                "must be a factor of at least 0",
            ),
            (
                "tolerance",
                positive(self.tolerance),
                "must be a number of at least 0",
            ),
            ("requests", self.requests != Some(0), "must be at least 1"),
        ]
        .into_iter()
        .filter(|(_, holds, _)| !holds)
        .map(|(field, _, problem)| (field, problem))
        .collect()
    }
}

/// A version on trial.
pub struct Candidate {
    /// The version.
    pub version: Arc<Version>,
    /// The plan of the trial.
    pub plan: Plan,
    /// Maximum difference between two agreeing predictions, in the unit of the target.
    tolerance: f64,
    findings: Mutex<Findings>,
    decided: AtomicBool,
}

/// The findings about a candidate so far.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Calls that failed although the serving version succeeded.
    pub failed: u64,
    /// Requests whose predictions agree with the serving version's.
    pub agreed: u64,
    /// Requests whose predictions do not agree.
    pub disagreed: u64,
    candidate: Durations,
    serving: Durations,
}

/// The decision on a candidate, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether to promote the candidate rather than withdraw it.
    pub promote: bool,
    /// The reason, for display.
    pub reason: String,
}

/// How a trial ended, for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// The candidate's version.
    pub version: String,
    /// What happened to the candidate.
    pub outcome: Outcome,
    /// The reason.
    pub reason: String,
}

/// A trial in progress and its findings, for display.
#[derive(Debug, Clone, Serialize)]
pub struct Trial {
    version: String,
    digest: ComponentDigest,
    #[serde(flatten)]
    plan: Plan,
    compared: u64,
    agreed: u64,
    disagreed: u64,
    failed: u64,
    median_seconds: Option<f64>,
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
            findings: Mutex::default(),
            decided: AtomicBool::new(false),
        }
    }

    /// Whether a request goes to the canary. The decision is deterministic for a request id, and
    /// random without one.
    #[must_use]
    pub fn takes(&self, request_id: Option<&str>) -> bool {
        let position = match request_id {
            Some(id) => {
                // Selects different requests for every candidate, but the same ones on every host.
                let digest = Sha256::new()
                    .chain_update(self.version.digest().to_string())
                    .chain_update(id)
                    .finalize();
                let (first, _) = digest.split_at(8);
                let first = first
                    .iter()
                    .fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
                first as f64 / u64::MAX as f64
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

    /// Records a comparison.
    pub fn compared(&self, agrees: bool) {
        let mut findings = self.lock();
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
        let verdict = self.lock().verdict(&self.plan, requests)?;
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

impl Findings {
    fn verdict(&self, plan: &Plan, requests: u64) -> Option<Verdict> {
        let withdraw = |reason| {
            Some(Verdict {
                promote: false,
                reason,
            })
        };
        let seen = self.agreed + self.disagreed + self.failed;
        let total = requests.max(seen) as f64;
        if self.failed as f64 > plan.max_errors * total {
            return withdraw(format!("{} of {seen} calls failed", self.failed));
        }
        if self.disagreed as f64 > plan.max_disagreement * total {
            return withdraw(format!("{} of {seen} predictions disagree", self.disagreed));
        }
        if seen < requests {
            return None;
        }
        if let (Some(candidate), Some(serving)) = (self.candidate.median(), self.serving.median())
            && candidate > plan.max_latency * serving
        {
            let factor = candidate / serving;
            return withdraw(format!("calls take {factor:.1} times as long"));
        }
        Some(Verdict {
            promote: true,
            reason: format!(
                "{} of {seen} predictions agree, {} calls failed",
                self.agreed, self.failed
            ),
        })
    }
}

/// The durations of the most recent calls.
#[derive(Debug, Clone, Default)]
struct Durations(VecDeque<Duration>);

impl Durations {
    const CAPACITY: usize = 256;

    fn push(&mut self, duration: Duration) {
        if self.0.len() == Self::CAPACITY {
            self.0.pop_front();
        }
        self.0.push_back(duration);
    }

    /// The median in seconds.
    fn median(&self) -> Option<f64> {
        let mut durations: Vec<Duration> = self.0.iter().copied().collect();
        let middle = durations.len() / 2;
        (!durations.is_empty()).then(|| durations.select_nth_unstable(middle).1.as_secs_f64())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(agreed: u64, disagreed: u64, failed: u64) -> Findings {
        Findings {
            agreed,
            disagreed,
            failed,
            ..Findings::default()
        }
    }

    #[test]
    fn a_trial_is_decided_after_its_requests_or_when_too_many_went_wrong() {
        let plan = Plan::default();
        let verdict = |findings: &Findings| findings.verdict(&plan, 100).map(|v| v.promote);
        assert_eq!(verdict(&findings(99, 0, 0)), None);
        assert_eq!(verdict(&findings(90, 9, 1)), Some(true));
        assert_eq!(verdict(&findings(0, 0, 2)), Some(false));
        assert_eq!(verdict(&findings(0, 11, 0)), Some(false));
    }

    #[test]
    fn a_slow_candidate_is_withdrawn() {
        let mut findings = findings(100, 0, 0);
        findings.serving.push(Duration::from_micros(10));
        findings.candidate.push(Duration::from_micros(19));
        let promote =
            |findings: &Findings| findings.verdict(&Plan::default(), 100).unwrap().promote;
        assert!(promote(&findings));
        findings.candidate = Durations::default();
        findings.candidate.push(Duration::from_micros(21));
        assert!(!promote(&findings));
    }

    #[test]
    fn invalid_fields_of_a_plan_are_reported() {
        let plan = Plan {
            share: 1.5,
            tolerance: f64::NAN,
            requests: Some(0),
            ..Plan::default()
        };
        let fields: Vec<_> = plan
            .problems()
            .into_iter()
            .map(|(field, _)| field)
            .collect();
        assert_eq!(fields, ["share", "tolerance", "requests"]);
    }
}
