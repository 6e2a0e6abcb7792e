//! The history of a model's evaluations.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use canopy_runtime::Digest;
use parking_lot::{Mutex, MutexGuard};

use super::report::{Entry, Report};
use super::state::{Archive, State};

/// Maximum number of reports per model in memory.
pub const MAX_REPORTS: usize = 50;
/// Maximum number of columns in all of a model's reports in memory; of models with many columns,
/// fewer reports are held.
const MAX_COLUMNS: usize = 20_000;

/// The evaluations of a model: all that are kept on disk, and the latest ones in memory.
#[derive(Debug, Default)]
pub struct History {
    archive: Option<Archive>,
    recent: Mutex<VecDeque<Arc<Report>>>,
    /// Serialises additions, without holding up those who read.
    adding: Mutex<()>,
}

impl History {
    /// The history of a model, with what was kept of it.
    #[must_use]
    pub fn of(model: &str, state: Option<&Arc<State>>) -> Self {
        Self {
            archive: state.map(|state| Archive::of(model, state)),
            ..Self::default()
        }
    }

    /// Adds the report that `make` returns for a new id. It is on disk when this returns, or there
    /// is an error with it; then it is in memory alone.
    pub fn add(&self, make: impl FnOnce(u64) -> Report) -> (Arc<Report>, io::Result<()>) {
        let _adding = self.adding.lock();
        let mut ids = self.ids();
        let last = ids.last().copied().unwrap_or_default();
        let id = now().max(last + 1);
        let report = Arc::new(make(id));
        let kept = match &self.archive {
            Some(archive) => archive.keep(&report),
            None => Ok(()),
        };
        if let Some(archive) = &self.archive {
            ids.push(id);
            archive.retention().apply(&mut ids, id);
            archive.retain(&ids);
        }
        let mut recent = self.lock();
        let capacity = (MAX_COLUMNS / report.columns.len().max(1)).clamp(1, MAX_REPORTS);
        let excess = (recent.len() + 1).saturating_sub(capacity);
        recent.drain(..excess);
        recent.push_back(Arc::clone(&report));
        (report, kept)
    }

    /// The entries of evaluations before the one with id `before`, or of the latest ones: at most
    /// `limit`, newest first. May read the disk.
    #[must_use]
    pub fn page(&self, before: Option<u64>, limit: usize) -> Vec<Entry> {
        let ids = self.ids().into_iter().rev();
        ids.filter(|id| before.is_none_or(|before| *id < before))
            .filter_map(|id| self.entry(id))
            .take(limit)
            .collect()
    }

    /// The report with this id; the id `last` is the newest. May read the disk.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Report>> {
        let ids = self.ids();
        let id = match id {
            "last" => *ids.last()?,
            _ => id.parse().ok()?,
        };
        ids.binary_search(&id).ok()?;
        self.report(id)
    }

    /// The report of the last evaluation of a version that has set the gauges. May read the disk.
    #[must_use]
    pub fn last_of(&self, digest: Digest) -> Option<Arc<Report>> {
        let ids = self.ids().into_iter().rev();
        let is_of = |id: &u64| {
            let entry = self.entry(*id);
            entry.is_some_and(|it| it.head.counted && it.head.digest == digest)
        };
        ids.filter(is_of).find_map(|id| self.report(id))
    }

    /// The ids of all evaluations within the retention, in ascending order.
    fn ids(&self) -> Vec<u64> {
        let recent = self.lock();
        let mut ids: Vec<u64> = recent.iter().map(|report| report.head.id).collect();
        drop(recent);
        if let Some(archive) = &self.archive {
            ids.extend(archive.ids());
            ids.sort_unstable();
            ids.dedup();
            archive.retention().apply(&mut ids, now());
        }
        ids
    }

    fn entry(&self, id: u64) -> Option<Entry> {
        let recent = self.recent(id).map(|report| report.entry());
        recent.or_else(|| self.archive.as_ref()?.entry(id))
    }

    fn report(&self, id: u64) -> Option<Arc<Report>> {
        let kept = || self.archive.as_ref()?.report(id).map(Arc::new);
        self.recent(id).or_else(kept)
    }

    fn recent(&self, id: u64) -> Option<Arc<Report>> {
        let recent = self.lock();
        recent.iter().find(|report| report.head.id == id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Report>>> {
        self.recent.lock()
    }
}

/// Milliseconds since 1970. Does not follow jumps of the wall clock after the start, with which all
/// evaluations would look old, or the next ones new for ever.
fn now() -> u64 {
    static START: LazyLock<(SystemTime, Instant)> =
        LazyLock::new(|| (SystemTime::now(), Instant::now()));
    let (wall, monotonic) = *START;
    let start = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from((start + monotonic.elapsed()).as_millis()).unwrap_or(u64::MAX)
}
