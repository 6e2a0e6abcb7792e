//! The history of runs.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::run::{Findings, Run, StartedBy, State};

/// Number of runs that are kept.
const CAPACITY: usize = 100;

/// The last runs, newest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    runs: VecDeque<Run>,
    count: u64,
}

impl History {
    /// Adds a run that begins now.
    pub(crate) fn begin(&mut self, started_by: StartedBy, now: Timestamp) -> Run {
        self.count += 1;
        let run = Run {
            id: self.count,
            started_by,
            state: State::Running,
            started: now,
            ended: None,
            findings: Findings::default(),
            reason: None,
            error: None,
        };
        self.runs.push_front(run.clone());
        self.runs.truncate(CAPACITY);
        run
    }

    /// Updates a run.
    pub(crate) fn update(&mut self, run: Run) {
        if let Some(entry) = self.runs.iter_mut().find(|entry| entry.id == run.id) {
            *entry = run;
        }
    }

    /// All runs, newest first.
    pub(crate) fn runs(&self) -> Vec<Run> {
        self.runs.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hundred_runs_are_kept_newest_first() {
        let mut history = History::default();
        for _ in 0..101 {
            history.begin(StartedBy::Hand, Timestamp::UNIX_EPOCH);
        }
        let ids: Vec<u64> = history.runs().iter().map(|run| run.id).collect();
        assert_eq!(ids, (2..=101).rev().collect::<Vec<_>>());
    }
}
