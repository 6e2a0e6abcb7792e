//! The kept evaluations of a model.
//!
//! An evaluation is a file of two lines: its entry in the list of evaluations, and its report. A
//! list is made from the first lines alone.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use canopy_disk as disk;
use serde::de::DeserializeOwned;
use tracing::warn;

use super::State;
use crate::monitoring::report::{Entry, Report};
use crate::monitoring::state::Retention;

/// The kept evaluations of a model: a folder.
#[derive(Debug)]
pub(in crate::monitoring) struct Archive {
    folder: PathBuf,
    state: Arc<State>,
}

impl Archive {
    /// The evaluations of a model, of which there need not be any yet.
    pub(in crate::monitoring) fn of(model: &str, state: &Arc<State>) -> Self {
        Self {
            folder: state.evaluations(model),
            state: Arc::clone(state),
        }
    }

    pub(in crate::monitoring) fn retention(&self) -> Retention {
        self.state.retention
    }

    /// The ids of all evaluations, in no order.
    pub(in crate::monitoring) fn ids(&self) -> impl Iterator<Item = u64> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| {
            let name = entry.file_name();
            name.to_str()?.strip_suffix(".json")?.parse().ok()
        })
    }

    /// Keeps a report durably, unless another host writes to the folder.
    pub(in crate::monitoring) fn keep(&self, report: &Report) -> io::Result<()> {
        if !self.state.is_ours() {
            return Ok(());
        }
        let mut text = serde_json::to_vec(&report.entry())?;
        text.push(b'\n');
        serde_json::to_writer(&mut text, report)?;
        text.push(b'\n');
        fs::create_dir_all(&self.folder)?;
        disk::write(&self.path(report.head.id), &text)
    }

    /// Removes evaluations other than those with these ids, in ascending order.
    pub(in crate::monitoring) fn retain(&self, kept: &[u64]) {
        if self.state.is_ours() {
            for id in self.ids().filter(|id| kept.binary_search(id).is_err()) {
                // Best effort: it is removed after the next evaluation.
                let _ = fs::remove_file(self.path(id));
            }
        }
    }

    /// The entry of an evaluation; `None` if it is not there or is damaged.
    pub(in crate::monitoring) fn entry(&self, id: u64) -> Option<Entry> {
        self.parsed(id, |file| {
            let mut line = Vec::new();
            file.read_until(b'\n', &mut line)?;
            Ok(line)
        })
    }

    /// The report of an evaluation; `None` if it is not there or is damaged.
    pub(in crate::monitoring) fn report(&self, id: u64) -> Option<Report> {
        self.parsed(id, |file| {
            file.skip_until(b'\n')?;
            let mut line = Vec::new();
            file.read_to_end(&mut line)?;
            Ok(line)
        })
    }

    fn parsed<T: DeserializeOwned>(
        &self,
        id: u64,
        line: impl FnOnce(&mut BufReader<File>) -> io::Result<Vec<u8>>,
    ) -> Option<T> {
        let path = self.path(id);
        // Retention may have removed it in the meantime.
        let file = File::open(&path).ok()?;
        let line = line(&mut BufReader::new(file)).ok()?;
        serde_json::from_slice(&line)
            .inspect_err(|error| warn!(?path, %error, "a kept evaluation is damaged"))
            .ok()
    }

    fn path(&self, id: u64) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }
}
