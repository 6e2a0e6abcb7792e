//! A registered model and its rollout.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use canopy_runtime::Digest;
use prometheus::proto::MetricFamily;

use super::candidate::{Candidate, Ended};
use super::name::ModelName;
use super::source::Source;
use super::store::{Stored, VersionStore};
use super::version::Version;
use crate::metrics::ModelMetrics;
use crate::monitoring::History;

/// A model registered under a name.
pub struct RegisteredModel {
    /// Its name.
    pub name: ModelName,
    /// Its metrics, across all versions.
    pub metrics: ModelMetrics,
    /// Its latest evaluations, across all versions.
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
    ) -> Self {
        metrics.serves(&serving.loaded, None, || ());
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
            history: History::default(),
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
            self.metrics
                .serves(&serving.loaded, Some(&previous.loaded), || {
                    self.rollout.store(next);
                });
        }
    }
}
