//! The history of runs.
//!
//! It is in a file, which is written before anybody is told of a run, so that a restart neither
//! forgets a run nor the cooldown after it.

use std::collections::VecDeque;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use canopy_disk as disk;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::run::{Findings, Run, StartedBy, State};

/// Number of runs that are kept.
const CAPACITY: usize = 100;

/// The last runs, newest first.
#[derive(Debug)]
pub(crate) struct History {
    file: PathBuf,
    kept: Kept,
}

/// The content of the file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    runs: VecDeque<Run>,
}

impl History {
    /// Reads the history; a damaged one is put aside. A run that was in progress when the service
    /// ended has failed `now`.
    ///
    /// # Errors
    ///
    /// If the file or its folder cannot be read or written.
    pub(crate) fn open(file: PathBuf, now: Timestamp) -> Result<Self> {
        let folder = disk::folder(&file);
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let mut kept: Kept = match fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).or_else(|error| {
                let aside = file.with_added_extension("damaged");
                warn!(?file, ?aside, %error, "the history of runs is damaged and put aside; runs are counted anew");
                fs::rename(&file, &aside)
                    .map(|()| Kept::default())
                    .with_context(|| format!("cannot rename {}", file.display()))
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => Kept::default(),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.display()));
            }
        };
        for run in kept.runs.iter_mut().filter(|run| run.ended.is_none()) {
            run.ended = Some(now);
            run.state = State::Failed;
            run.error = Some("the service ended during the run".to_owned());
        }
        let history = Self { file, kept };
        history.save();
        Ok(history)
    }

    /// Adds a run that begins now.
    pub(crate) fn begin(&mut self, started_by: StartedBy, now: Timestamp) -> Run {
        let run = Run {
            id: self.kept.runs.front().map_or(0, |run| run.id) + 1,
            started_by,
            state: State::Running,
            started: now,
            ended: None,
            findings: Findings::default(),
            reason: None,
            error: None,
        };
        self.kept.runs.push_front(run.clone());
        self.kept.runs.truncate(CAPACITY);
        self.save();
        run
    }

    /// Updates a run.
    pub(crate) fn update(&mut self, run: Run) {
        let mut runs = self.kept.runs.iter_mut();
        if let Some(entry) = runs.find(|entry| entry.id == run.id) {
            *entry = run;
        }
        self.save();
    }

    /// All runs, newest first.
    pub(crate) fn runs(&self) -> Vec<Run> {
        self.kept.runs.iter().cloned().collect()
    }

    /// Writes the file. If that fails, runs go on all the same: a model that is not retrained would
    /// be worse than a run that is forgotten.
    fn save(&self) {
        let text = serde_json::to_vec_pretty(&self.kept).map_err(Into::into);
        if let Err(error) = text.and_then(|text| disk::write(&self.file, &text)) {
            warn!(file = ?self.file, %error, "cannot write the history of runs; a restart forgets the last ones");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hundred_runs_are_kept_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.json");
        let mut history = History::open(file, Timestamp::UNIX_EPOCH).unwrap();
        for _ in 0..101 {
            history.begin(StartedBy::Hand, Timestamp::UNIX_EPOCH);
        }
        let ids: Vec<u64> = history.runs().iter().map(|run| run.id).collect();
        assert_eq!(ids, (2..=101).rev().collect::<Vec<_>>());
    }

    #[test]
    fn runs_survive_a_restart_and_are_counted_on() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.json");
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut history = History::open(file.clone(), at(0)).unwrap();
        let alert = StartedBy::Alert {
            alertname: "Bad".into(),
            fingerprint: "a".into(),
            since: at(5),
        };
        let mut first = history.begin(alert, at(10));
        first.ended = Some(at(20));
        first.state = State::Kept;
        first.findings.champion_score = Some(1.0 / 3.0);
        history.update(first.clone());
        history.begin(StartedBy::Hand, at(30));

        let mut history = History::open(file.clone(), at(40)).unwrap();
        let runs = history.runs();
        assert_eq!((runs[0].id, runs[0].state), (2, State::Failed));
        assert_eq!(runs[0].ended, Some(at(40)));
        let json = |run: &Run| serde_json::to_string(run).unwrap();
        assert_eq!(json(&runs[1]), json(&first));
        assert_eq!(history.begin(StartedBy::Hand, at(50)).id, 3);

        fs::write(&file, "{").unwrap();
        let history = History::open(file.clone(), at(60)).unwrap();
        assert!(history.runs().is_empty());
        assert_eq!(
            fs::read(file.with_added_extension("damaged")).unwrap(),
            b"{"
        );
    }
}
