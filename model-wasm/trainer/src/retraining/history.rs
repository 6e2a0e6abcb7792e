//! The last runs.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::run::{Findings, Run, State, Trigger};

/// Runs that are remembered.
const LENGTH: usize = 100;

/// The last runs, the newest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    runs: VecDeque<Run>,
    count: u64,
}

impl History {
    /// A run begins.
    pub(crate) fn begin(&mut self, trigger: Trigger, now: Timestamp) -> Run {
        self.count += 1;
        let run = Run {
            id: self.count,
            trigger,
            state: State::Running,
            started: now,
            ended: None,
            findings: Findings::default(),
            reason: None,
            error: None,
        };
        self.runs.push_front(run.clone());
        self.runs.truncate(LENGTH);
        run
    }

    /// A run changed.
    pub(crate) fn update(&mut self, run: Run) {
        if let Some(known) = self.runs.iter_mut().find(|known| known.id == run.id) {
            *known = run;
        }
    }

    /// All that are remembered.
    pub(crate) fn runs(&self) -> Vec<Run> {
        self.runs.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hundred_newest_first() {
        let mut history = History::default();
        for _ in 0..101 {
            history.begin(Trigger::Hand, Timestamp::UNIX_EPOCH);
        }
        let ids: Vec<u64> = history.runs().iter().map(|run| run.id).collect();
        assert_eq!(ids, (2..=101).rev().collect::<Vec<_>>());
    }
}
