//! The last evaluations of a model.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::{Mutex, MutexGuard};

use super::report::Report;

/// Evaluations of a model that are kept.
pub const MOST_REPORTS: usize = 50;
/// Columns in them: a model with very many keeps fewer evaluations.
const MOST_COLUMNS: usize = 20_000;

/// The last evaluations of a model, in memory, in bounded number.
#[derive(Debug, Default)]
pub struct History(Mutex<VecDeque<Arc<Report>>>);

impl History {
    /// Keeps the report that `make` makes for an id.
    pub fn add(&self, make: impl FnOnce(u64) -> Report) -> Arc<Report> {
        let mut reports = self.lock();
        let last = reports.back().map_or(0, |report| report.head.id);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or_default();
        let report = Arc::new(make(now.max(last + 1)));
        let most = (MOST_COLUMNS / report.columns.len().max(1)).clamp(1, MOST_REPORTS);
        let excess = (reports.len() + 1).saturating_sub(most);
        reports.drain(..excess);
        reports.push_back(Arc::clone(&report));
        report
    }

    /// All that are kept, the newest first.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Report>> {
        self.lock().iter().rev().cloned().collect()
    }

    /// The evaluation with this id; `last` is the newest.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Report>> {
        let reports = self.lock();
        match id {
            "last" => reports.back().cloned(),
            _ => {
                let id = id.parse::<u64>().ok()?;
                reports.iter().find(|report| report.head.id == id).cloned()
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Report>>> {
        self.0.lock()
    }
}
