//! The findings about a candidate, and the verdict that follows from them.

use std::collections::VecDeque;
use std::time::Duration;

use super::evidence::Evidence;
use super::plan::Plan;

/// The findings about a candidate so far.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Calls that failed although the serving version succeeded.
    pub failed: u64,
    /// Requests whose predictions agree with the serving version's.
    pub agreed: u64,
    /// Requests whose predictions do not agree.
    pub disagreed: u64,
    /// What the comparisons rest on.
    pub(super) evidence: Evidence,
    pub(super) candidate: Durations,
    pub(super) serving: Durations,
}

/// The decision on a candidate, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether to promote the candidate rather than withdraw it.
    pub promote: bool,
    /// The reason, for display.
    pub reason: String,
}

impl Findings {
    /// The verdict after a trial of this duration, once there is one.
    pub(super) fn verdict(
        &self,
        plan: &Plan,
        requests: u64,
        duration: Duration,
    ) -> Option<Verdict> {
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
        if duration.as_secs() < plan.min_seconds || !self.evidence.is_enough(plan) {
            return None;
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
pub(super) struct Durations(VecDeque<Duration>);

impl Durations {
    const CAPACITY: usize = 256;

    pub(super) fn push(&mut self, duration: Duration) {
        if self.0.len() == Self::CAPACITY {
            self.0.pop_front();
        }
        self.0.push_back(duration);
    }

    /// The median in seconds.
    pub(super) fn median(&self) -> Option<f64> {
        let mut durations: Vec<Duration> = self.0.iter().copied().collect();
        let middle = durations.len() / 2;
        (!durations.is_empty()).then(|| durations.select_nth_unstable(middle).1.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::super::evidence::Client;
    use super::*;

    fn findings(agreed: u64, disagreed: u64, failed: u64) -> Findings {
        Findings {
            agreed,
            disagreed,
            failed,
            ..Findings::default()
        }
    }

    const LONG: Duration = Duration::from_secs(600);

    /// The default, without what asks for evidence.
    fn plan() -> Plan {
        Plan {
            min_rows: 0,
            min_clients: 0,
            ..Plan::default()
        }
    }

    #[test]
    fn one_client_or_one_row_or_a_moment_promotes_nothing() {
        let plan = Plan {
            min_rows: 2,
            ..Plan::default()
        };
        let (ada, eve) = (Client::User("ada".into()), Client::User("eve".into()));
        let (one, other) = ([1.0, 2.0], [1.0, 3.0]);
        let promotes = |compared: &[(&[f64], &Client)], duration| {
            let mut findings = findings(1000, 0, 0);
            for (row, client) in compared {
                findings
                    .evidence
                    .add(std::iter::once(*row), Some(client), &plan);
            }
            findings.verdict(&plan, 100, duration).is_some()
        };
        assert!(
            !promotes(&[(&one, &ada), (&other, &ada)], LONG),
            "one client"
        );
        assert!(!promotes(&[(&one, &ada), (&one, &eve)], LONG), "one row");
        let enough: &[(&[f64], &Client)] = &[(&one, &ada), (&other, &eve)];
        assert!(!promotes(enough, LONG - Duration::from_secs(1)), "too soon");
        assert!(promotes(enough, LONG));
        // To withdraw a candidate that fails takes no evidence.
        let failing = findings(0, 0, 100).verdict(&plan, 100, Duration::ZERO);
        assert!(!failing.unwrap().promote);
    }

    #[test]
    fn a_trial_is_decided_after_its_requests_or_when_too_many_went_wrong() {
        let plan = plan();
        let verdict = |findings: &Findings| findings.verdict(&plan, 100, LONG).map(|v| v.promote);
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
        let promote = |findings: &Findings| findings.verdict(&plan(), 100, LONG).unwrap().promote;
        assert!(promote(&findings));
        findings.candidate = Durations::default();
        findings.candidate.push(Duration::from_micros(21));
        assert!(!promote(&findings));
    }
}
