//! Which alerts start a run.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use super::alert::{Alert, Status};

/// What was decided on an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Decision {
    /// It starts a run.
    Started,
    /// Another run is under way.
    Running,
    /// Another run ended not long ago.
    Cooldown,
    /// The last run that an alert started was started by this very alert, and it is under way
    /// or ended not long ago.
    Duplicate,
    /// The alert does not fire any more, and there is nothing to do.
    Resolved,
    /// The alert is about another model than the one that is trained here.
    Foreign,
}

/// Remembers what the last run was started by and when it ended. It has no clock: it is told
/// the time.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// What the model may be called.
    names: Vec<String>,
    cooldown: Duration,
    running: bool,
    ended: Option<Instant>,
    last: Option<Firing>,
}

/// One firing of an alert: a repeated notification has the same.
#[derive(Debug, PartialEq)]
struct Firing {
    fingerprint: String,
    since: Timestamp,
}

impl Ledger {
    /// No run so far.
    pub(crate) fn new(names: Vec<String>, cooldown: Duration) -> Self {
        Self {
            names,
            cooldown,
            running: false,
            ended: None,
            last: None,
        }
    }

    /// Decides on an alert; after [`Decision::Started`] a run is under way.
    pub(crate) fn decide(&mut self, alert: &Alert, now: Instant) -> Decision {
        if alert.status == Status::Resolved {
            return Decision::Resolved;
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
        let since_end = self.ended.map(|ended| now.duration_since(ended));
        let cooling = since_end.is_some_and(|passed| passed < self.cooldown);
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

    /// Whether a run may start without an alert, cooldown or not; one is under way if so.
    pub(crate) fn start_by_hand(&mut self) -> bool {
        !std::mem::replace(&mut self.running, true)
    }

    /// The run under way ended.
    pub(crate) fn end(&mut self, now: Instant) {
        self.running = false;
        self.ended = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn alert(fingerprint: &str, since: i64) -> Alert {
        Alert {
            status: Status::Firing,
            labels: [].into(),
            annotations: [].into(),
            starts_at: Timestamp::from_second(since).unwrap(),
            fingerprint: fingerprint.into(),
        }
    }

    fn ledger() -> (Ledger, Instant) {
        (
            Ledger::new(vec!["ours".into()], 10 * MINUTE),
            Instant::now(),
        )
    }

    #[test]
    fn a_repeated_notification_starts_no_second_run_until_the_cooldown_is_over() {
        let (mut ledger, start) = ledger();
        let (first, again) = (alert("a", 0), alert("a", 0));
        assert_eq!(ledger.decide(&first, start), Decision::Started);
        assert_eq!(ledger.decide(&again, start + MINUTE), Decision::Duplicate);
        ledger.end(start + 2 * MINUTE);
        let almost = start + 12 * MINUTE - Duration::from_nanos(1);
        assert_eq!(ledger.decide(&again, almost), Decision::Duplicate);
        assert_eq!(
            ledger.decide(&again, start + 12 * MINUTE),
            Decision::Started
        );
    }

    #[test]
    fn another_alert_waits_for_the_run_and_its_cooldown() {
        let (mut ledger, start) = ledger();
        assert_eq!(ledger.decide(&alert("a", 0), start), Decision::Started);
        let other = alert("b", 0);
        assert_eq!(ledger.decide(&other, start), Decision::Running);
        ledger.end(start + MINUTE);
        assert_eq!(
            ledger.decide(&other, start + 2 * MINUTE),
            Decision::Cooldown
        );
        let firing_anew = alert("a", 60);
        assert_eq!(
            ledger.decide(&firing_anew, start + 2 * MINUTE),
            Decision::Cooldown
        );
        assert_eq!(
            ledger.decide(&other, start + 11 * MINUTE),
            Decision::Started
        );
    }

    #[test]
    fn an_alert_about_another_model_does_nothing() {
        let (mut ledger, start) = ledger();
        let mut other = alert("a", 0);
        other.labels.insert("model".into(), "theirs".into());
        assert_eq!(ledger.decide(&other, start), Decision::Foreign);
        other.labels.insert("model".into(), "ours".into());
        assert_eq!(ledger.decide(&other, start), Decision::Started);
    }

    #[test]
    fn a_resolved_alert_does_nothing() {
        let (mut ledger, start) = ledger();
        let resolved = Alert {
            status: Status::Resolved,
            ..alert("a", 0)
        };
        assert_eq!(ledger.decide(&resolved, start), Decision::Resolved);
        assert_eq!(ledger.decide(&alert("a", 0), start), Decision::Started);
    }

    #[test]
    fn a_person_does_not_wait_for_the_cooldown() {
        let (mut ledger, start) = ledger();
        assert!(ledger.start_by_hand());
        assert!(!ledger.start_by_hand());
        assert_eq!(ledger.decide(&alert("a", 0), start), Decision::Running);
        ledger.end(start);
        assert_eq!(ledger.decide(&alert("a", 0), start), Decision::Cooldown);
        assert!(ledger.start_by_hand());
    }
}
