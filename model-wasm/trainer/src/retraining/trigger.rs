//! The trigger: decides which alerts start a run.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use super::alert::{Alert, Status};
use super::run::{Run, StartedBy};

/// The decision on an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Decision {
    /// It starts a run.
    Started,
    /// A run is already in progress.
    Running,
    /// A run ended so recently that the cooldown is not over.
    Cooldown,
    /// This same alert started the last run, which is in progress or in its cooldown.
    Duplicate,
    /// The alert is no longer firing.
    Resolved,
    /// The alert is about a model that this service does not train.
    Foreign,
    /// The alert is none of those that start a run.
    Unlisted,
}

/// Why a manual request starts no run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotStarted {
    /// A run is already in progress.
    Running,
    /// The cooldown lasts this much longer.
    Cooldown(Duration),
}

/// Decides which alerts start a run, based on which alert started the last run and when it ended.
/// Has no clock of its own; callers pass the time.
#[derive(Debug)]
pub(crate) struct Trigger {
    /// The names by which alerts may refer to the model.
    names: Vec<String>,
    /// The names of the alerts that start a run.
    alerts: Vec<String>,
    cooldown: Duration,
    running: bool,
    ended: Option<Instant>,
    last: Option<Firing>,
}

/// Identifies one firing of an alert; repeated notifications of it are equal.
#[derive(Debug, PartialEq)]
struct Firing {
    fingerprint: String,
    since: Timestamp,
}

impl Trigger {
    /// A trigger before the first run.
    pub(crate) fn new(names: Vec<String>, alerts: Vec<String>, cooldown: Duration) -> Self {
        Self {
            names,
            alerts,
            cooldown,
            running: false,
            ended: None,
            last: None,
        }
    }

    /// Goes on after a restart: these runs, newest first, were before it.
    pub(crate) fn resume(&mut self, runs: &[Run], now: (Instant, Timestamp)) {
        self.ended = runs.first().and_then(|run| {
            // If the wall clock was set back, the run ended just now.
            let passed = now.1.duration_since(run.ended?).try_into();
            now.0.checked_sub(passed.unwrap_or_default())
        });
        self.last = runs.iter().find_map(|run| match &run.started_by {
            StartedBy::Alert {
                fingerprint, since, ..
            } => Some(Firing {
                fingerprint: fingerprint.clone(),
                since: *since,
            }),
            StartedBy::Hand => None,
        });
    }

    /// Decides on an alert. After [`Decision::Started`], a run counts as in progress.
    pub(crate) fn decide(&mut self, alert: &Alert, now: Instant) -> Decision {
        if alert.status == Status::Resolved {
            return Decision::Resolved;
        }
        if !self.alerts.iter().any(|name| name == alert.name()) {
            return Decision::Unlisted;
        }
        if let Some(model) = alert.labels.get("model")
            && !self.names.contains(model)
        {
            return Decision::Foreign;
        }
        let firing = Firing {
            fingerprint: alert.fingerprint.clone(),
            since: alert.starts_at,
        };
        let cooling = self.cooling(now).is_some();
        if (self.running || cooling) && self.last.as_ref() == Some(&firing) {
            Decision::Duplicate
        } else if self.running {
            Decision::Running
        } else if cooling {
            Decision::Cooldown
        } else {
            self.running = true;
            self.last = Some(firing);
            Decision::Started
        }
    }

    /// Decides on a manual start. If it may start, a run counts as in progress.
    pub(crate) fn start_manually(&mut self, now: Instant) -> Result<(), NotStarted> {
        if self.running {
            return Err(NotStarted::Running);
        }
        if let Some(remaining) = self.cooling(now) {
            return Err(NotStarted::Cooldown(remaining));
        }
        self.running = true;
        Ok(())
    }

    /// How much longer the cooldown lasts.
    fn cooling(&self, now: Instant) -> Option<Duration> {
        let passed = now.duration_since(self.ended?);
        let remaining = self.cooldown.saturating_sub(passed);
        (!remaining.is_zero()).then_some(remaining)
    }

    /// Records the end of the run in progress.
    pub(crate) fn end(&mut self, now: Instant) {
        self.running = false;
        self.ended = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::super::run::{Findings, State};
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn alert(fingerprint: &str, since: i64) -> Alert {
        Alert {
            status: Status::Firing,
            labels: [("alertname".into(), "Bad".into())].into(),
            annotations: [].into(),
            starts_at: Timestamp::from_second(since).unwrap(),
            fingerprint: fingerprint.into(),
        }
    }

    fn trigger() -> (Trigger, Instant) {
        (
            Trigger::new(vec!["ours".into()], vec!["Bad".into()], 10 * MINUTE),
            Instant::now(),
        )
    }

    #[test]
    fn a_repeated_notification_starts_no_second_run_until_the_cooldown_is_over() {
        let (mut trigger, start) = trigger();
        let (first, again) = (alert("a", 0), alert("a", 0));
        assert_eq!(trigger.decide(&first, start), Decision::Started);
        assert_eq!(trigger.decide(&again, start + MINUTE), Decision::Duplicate);
        trigger.end(start + 2 * MINUTE);
        let almost = start + 12 * MINUTE - Duration::from_nanos(1);
        assert_eq!(trigger.decide(&again, almost), Decision::Duplicate);
        assert_eq!(
            trigger.decide(&again, start + 12 * MINUTE),
            Decision::Started
        );
    }

    #[test]
    fn another_alert_waits_for_the_run_and_its_cooldown() {
        let (mut trigger, start) = trigger();
        assert_eq!(trigger.decide(&alert("a", 0), start), Decision::Started);
        let other = alert("b", 0);
        assert_eq!(trigger.decide(&other, start), Decision::Running);
        trigger.end(start + MINUTE);
        assert_eq!(
            trigger.decide(&other, start + 2 * MINUTE),
            Decision::Cooldown
        );
        let firing_again = alert("a", 60);
        assert_eq!(
            trigger.decide(&firing_again, start + 2 * MINUTE),
            Decision::Cooldown
        );
        assert_eq!(
            trigger.decide(&other, start + 11 * MINUTE),
            Decision::Started
        );
    }

    #[test]
    fn a_restart_forgets_neither_the_cooldown_nor_the_alert() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let run = Run {
            id: 1,
            started_by: (&alert("a", 0)).into(),
            state: State::Kept,
            started: at(1000),
            ended: Some(at(1060)),
            findings: Findings::default(),
            reason: None,
            error: None,
        };
        let by_hand = Run {
            started_by: StartedBy::Hand,
            ..run.clone()
        };
        for runs in [&[run.clone()][..], &[by_hand, run]] {
            let (mut trigger, now) = trigger();
            trigger.resume(runs, (now, at(1060 + 9 * 60)));
            assert_eq!(trigger.decide(&alert("a", 0), now), Decision::Duplicate);
            assert_eq!(trigger.decide(&alert("b", 0), now), Decision::Cooldown);
            let later = now + MINUTE;
            assert_eq!(trigger.decide(&alert("b", 0), later), Decision::Started);

            // The clock was set back: the cooldown begins anew.
            let (mut trigger, now) = self::trigger();
            trigger.resume(runs, (now, at(0)));
            let almost = now + 9 * MINUTE;
            assert_eq!(trigger.decide(&alert("b", 0), almost), Decision::Cooldown);
        }
    }

    #[test]
    fn an_alert_about_another_model_does_nothing() {
        let (mut trigger, start) = trigger();
        let mut other = alert("a", 0);
        other.labels.insert("model".into(), "theirs".into());
        assert_eq!(trigger.decide(&other, start), Decision::Foreign);
        other.labels.insert("model".into(), "ours".into());
        assert_eq!(trigger.decide(&other, start), Decision::Started);
    }

    #[test]
    fn a_resolved_alert_does_nothing() {
        let (mut trigger, start) = trigger();
        let resolved = Alert {
            status: Status::Resolved,
            ..alert("a", 0)
        };
        assert_eq!(trigger.decide(&resolved, start), Decision::Resolved);
        assert_eq!(trigger.decide(&alert("a", 0), start), Decision::Started);
    }

    #[test]
    fn an_alert_of_another_name_does_nothing() {
        let (mut trigger, start) = trigger();
        let mut other = alert("a", 0);
        other
            .labels
            .insert("alertname".into(), "HostMemoryLow".into());
        assert_eq!(trigger.decide(&other, start), Decision::Unlisted);
        other.labels.remove("alertname");
        assert_eq!(trigger.decide(&other, start), Decision::Unlisted);
        assert_eq!(trigger.decide(&alert("a", 0), start), Decision::Started);
    }

    #[test]
    fn a_manual_start_waits_for_the_run_and_its_cooldown() {
        let (mut trigger, start) = trigger();
        assert_eq!(trigger.start_manually(start), Ok(()));
        assert_eq!(trigger.start_manually(start), Err(NotStarted::Running));
        assert_eq!(trigger.decide(&alert("a", 0), start), Decision::Running);
        trigger.end(start);
        assert_eq!(trigger.decide(&alert("a", 0), start), Decision::Cooldown);
        let soon = start + MINUTE;
        let remaining = NotStarted::Cooldown(9 * MINUTE);
        assert_eq!(trigger.start_manually(soon), Err(remaining));
        assert_eq!(trigger.start_manually(start + 10 * MINUTE), Ok(()));
    }
}
