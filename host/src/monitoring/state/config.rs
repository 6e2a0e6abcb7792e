//! Configuration of the state folder.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// What is kept for the next start, and where.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "State")]
#[group(id = "state-config")]
pub struct Config {
    /// Folder where evaluations and live windows are kept for the next start [default: .state in
    /// the folder of models, if there is one; otherwise nothing is kept].
    #[arg(id = "state", long, env = "CANOPY_STATE", value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Number of evaluations to keep per model.
    #[arg(
        long,
        env = "CANOPY_KEEP_EVALUATIONS",
        default_value = "500",
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    keep_evaluations: u32,
    /// Maximum age of a kept evaluation.
    #[arg(
        long,
        env = "CANOPY_EVALUATIONS_AGE",
        default_value = "365d",
        value_name = "TIME"
    )]
    evaluations_age: humantime::Duration,
    /// Interval at which live windows that have changed are saved: what a crash may lose of them.
    #[arg(
        long,
        env = "CANOPY_STATE_INTERVAL",
        default_value = "10s",
        value_name = "TIME"
    )]
    state_interval: humantime::Duration,
}

/// Limits on kept evaluations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::monitoring) struct Retention {
    /// Maximum number per model.
    pub(in crate::monitoring) number: usize,
    /// Maximum age.
    pub(in crate::monitoring) age: Duration,
}

impl Config {
    /// The limits on number and age.
    pub(super) fn retention(&self) -> Retention {
        Retention {
            number: self.keep_evaluations as usize,
            age: self.evaluations_age.into(),
        }
    }

    /// Interval at which live windows are saved; at least a millisecond.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from(self.state_interval).max(Duration::from_millis(1))
    }
}

impl Retention {
    /// Retains, of ids in ascending order, those within the limits. An id is the time of its
    /// evaluation in milliseconds.
    pub(in crate::monitoring) fn apply(&self, ids: &mut Vec<u64>, now: u64) {
        let age = u64::try_from(self.age.as_millis()).unwrap_or(u64::MAX);
        let oldest = now.saturating_sub(age);
        let expired = ids.partition_point(|id| *id < oldest);
        let excess = ids.len().saturating_sub(self.number);
        ids.drain(..expired.max(excess));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evaluations_that_are_too_old_or_too_many_are_not_retained() {
        let retention = Retention {
            number: 3,
            age: Duration::from_millis(100),
        };
        let retained = |now| {
            let mut ids = vec![10, 20, 30, 40, 50];
            retention.apply(&mut ids, now);
            ids
        };
        assert_eq!(retained(50), [30, 40, 50]);
        assert_eq!(retained(140), [40, 50]);
        assert_eq!(retained(1000), Vec::<u64>::new());
        // A clock that was set back expires nothing.
        assert_eq!(retained(0), [30, 40, 50]);
    }
}
