//! A registered model and its rollout.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use canopy_runtime::Digest;
use prometheus::proto::MetricFamily;

use super::candidate::{Candidate, Ended};
use super::name::ModelName;
use super::source::Source;
use super::store::{Stored, VersionStore};
use super::version::Version;
use crate::metrics::ModelMetrics;
use crate::monitoring::{History, State};

/// A model registered under a name.
pub struct RegisteredModel {
    /// Its name.
    pub name: ModelName,
    /// Its metrics, across all versions.
    pub metrics: ModelMetrics,
    /// Its evaluations, across all versions.
    pub history: History,
    source: ArcSwapOption<Source>,
    last_trial: ArcSwapOption<Ended>,
    pub(super) store: Option<VersionStore>,
    rollout: ArcSwap<Rollout>,
}

/// The versions that answer requests: an immutable snapshot, unaffected by later changes.
#[derive(Clone)]
pub struct Rollout {
    /// The serving version.
    pub serving: Arc<Version>,
    /// The version on trial.
    pub candidate: Option<Arc<Candidate>>,
}

impl RegisteredModel {
    pub(super) fn new(
        name: ModelName,
        metrics: ModelMetrics,
        serving: Arc<Version>,
        source: Option<Source>,
        store: Option<VersionStore>,
        history: History,
    ) -> Self {
        let last = history.last_of(serving.digest());
        metrics.serves(&serving.loaded, None, last.as_deref(), || ());
        if let Some(store) = &store {
            metrics.flaws(store.flaws.damaged, store.flaws.unknown);
        }
        let rollout = Rollout {
            serving,
            candidate: None,
        };
        Self {
            rollout: ArcSwap::from_pointee(rollout),
            last_trial: ArcSwapOption::empty(),
            source: ArcSwapOption::from_pointee(source),
            name,
            metrics,
            history,
            store,
        }
    }

    /// The current rollout.
    #[must_use]
    pub fn rollout(&self) -> Guard<Arc<Rollout>> {
        self.rollout.load()
    }

    /// Like [`Self::rollout`], for holding it longer.
    #[must_use]
    pub fn rollout_owned(&self) -> Arc<Rollout> {
        self.rollout.load_full()
    }

    /// The serving version.
    #[must_use]
    pub fn serving(&self) -> Arc<Version> {
        Arc::clone(&self.rollout().serving)
    }

    /// The file that the model comes from.
    pub(super) fn source(&self) -> Option<Arc<Source>> {
        self.source.load_full()
    }

    /// Sets the file that the model comes from.
    pub(super) fn adopt(&self, source: Source) {
        self.source.store(Some(Arc::new(source)));
    }

    /// How the last trial ended, if there was one since the host started.
    #[must_use]
    pub fn last_trial(&self) -> Option<Arc<Ended>> {
        self.last_trial.load_full()
    }

    pub(super) fn trial_ended(&self, ended: Ended) {
        self.last_trial.store(Some(Arc::new(ended)));
    }

    /// Digest of the version that a rollback would restore.
    #[must_use]
    pub fn previous(&self) -> Option<Digest> {
        let serving = self.serving();
        let state = self.store.as_ref()?.state();
        state.before(serving.digest()).next()
    }

    /// The stored versions, oldest first.
    #[must_use]
    pub fn versions(&self) -> Vec<Stored> {
        let store = self.store.as_ref();
        store.map_or_else(Vec::new, |store| store.state().versions)
    }

    /// Restores the live window of the serving version.
    pub(super) fn restore_window(&self, state: &State) {
        let version = self.serving();
        let window = &version.window;
        state.restore_window(self.name.as_str(), version.digest(), window);
        version.saved.store(window.added(), Ordering::Relaxed);
        if window.added() > 0 {
            self.metrics.watched(window.fill().out_of_range_share);
        }
    }

    /// Saves the live window of the serving version if rows were added since it was last saved.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn save_window(&self, state: &State) -> io::Result<()> {
        let version = self.serving();
        let added = version.window.added();
        if version.saved.swap(added, Ordering::Relaxed) == added {
            return Ok(());
        }
        state
            .save_window(self.name.as_str(), version.digest(), &version.window)
            .inspect_err(|_| version.saved.store(0, Ordering::Relaxed))
    }

    /// A consistent snapshot of the model's metrics.
    #[must_use]
    pub fn gather(&self) -> Vec<MetricFamily> {
        self.metrics.gather(&self.serving().loaded)
    }

    /// Replaces the rollout.
    pub(super) fn switch(&self, serving: Arc<Version>, candidate: Option<Arc<Candidate>>) {
        let previous = self.serving();
        let trial = candidate
            .as_ref()
            .map(|candidate| (&*candidate.version.loaded, candidate.plan.mode.as_str()));
        self.metrics.trial(trial);
        let next = Arc::new(Rollout {
            serving: Arc::clone(&serving),
            candidate: candidate.clone(),
        });
        if Arc::ptr_eq(&previous, &serving) {
            self.rollout.store(next);
        } else {
            let last = self.history.last_of(serving.digest());
            let before = Some(&*previous.loaded);
            self.metrics
                .serves(&serving.loaded, before, last.as_deref(), || {
                    self.rollout.store(next);
                });
        }
    }
}
