//! The history of a model's evaluations.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::{Mutex, MutexGuard};

use super::report::Report;

/// Maximum number of reports per model.
pub const MAX_REPORTS: usize = 50;
/// Maximum number of columns in all of a model's reports; models with many columns keep fewer
/// reports.
const MAX_COLUMNS: usize = 20_000;

/// The latest evaluation reports of a model, in memory and bounded in number.
#[derive(Debug, Default)]
pub struct History(Mutex<VecDeque<Arc<Report>>>);

impl History {
    /// Adds the report that `make` returns for a new id.
    pub fn add(&self, make: impl FnOnce(u64) -> Report) -> Arc<Report> {
        let mut reports = self.lock();
        let last = reports.back().map_or(0, |report| report.head.id);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or_default();
        let report = Arc::new(make(now.max(last + 1)));
        let capacity = (MAX_COLUMNS / report.columns.len().max(1)).clamp(1, MAX_REPORTS);
        let excess = (reports.len() + 1).saturating_sub(capacity);
        reports.drain(..excess);
        reports.push_back(Arc::clone(&report));
        report
    }

    /// All reports, newest first.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Report>> {
        self.lock().iter().rev().cloned().collect()
    }

    /// The report with this id; the id `last` is the newest.
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
