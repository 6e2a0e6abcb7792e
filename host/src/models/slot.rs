//! One named model: what serves, what is on trial.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use prometheus::proto::MetricFamily;

use super::candidate::{Candidate, Ended};
use super::name::ModelName;
use super::shelf::{Shelf, Stored};
use super::source::Source;
use super::version::Version;
use crate::metrics::ModelMetrics;
use crate::report::History;

/// A named model.
pub struct Slot {
    /// Its name.
    pub name: ModelName,
    /// Its metrics, through all versions.
    pub metrics: ModelMetrics,
    /// Its last evaluations, through all versions.
    pub history: History,
    source: ArcSwapOption<Source>,
    last_trial: ArcSwapOption<Ended>,
    pub(super) shelf: Option<Shelf>,
    route: ArcSwap<Route>,
}

/// Where requests go; it stays whole for whoever holds it, whatever is changed meanwhile.
pub struct Route {
    /// The version that serves.
    pub serving: Arc<Version>,
    /// The version on trial.
    pub candidate: Option<Arc<Candidate>>,
}

impl Slot {
    pub(super) fn new(
        name: ModelName,
        metrics: ModelMetrics,
        serving: Arc<Version>,
        source: Option<Source>,
        shelf: Option<Shelf>,
    ) -> Self {
        metrics.serves(&serving.served, None, || ());
        let route = Route {
            serving,
            candidate: None,
        };
        Self {
            route: ArcSwap::from_pointee(route),
            last_trial: ArcSwapOption::empty(),
            source: ArcSwapOption::from_pointee(source),
            name,
            metrics,
            history: History::default(),
            shelf,
        }
    }

    /// Where requests go now.
    #[must_use]
    pub fn route(&self) -> Guard<Arc<Route>> {
        self.route.load()
    }

    /// As [`Self::route`], to be held for longer.
    #[must_use]
    pub fn route_owned(&self) -> Arc<Route> {
        self.route.load_full()
    }

    /// The version that serves now.
    #[must_use]
    pub fn serving(&self) -> Arc<Version> {
        Arc::clone(&self.route().serving)
    }

    /// The file that the model comes from.
    pub(super) fn source(&self) -> Option<Arc<Source>> {
        self.source.load_full()
    }

    /// From now on the model comes from this file.
    pub(super) fn adopt(&self, source: Source) {
        self.source.store(Some(Arc::new(source)));
    }

    /// How the last trial ended since the host began.
    #[must_use]
    pub fn last_trial(&self) -> Option<Arc<Ended>> {
        self.last_trial.load_full()
    }

    pub(super) fn trial_ended(&self, ended: Ended) {
        self.last_trial.store(Some(Arc::new(ended)));
    }

    /// SHA-256 of the version that a rollback would serve.
    #[must_use]
    pub fn previous(&self) -> Option<String> {
        let serving = self.serving();
        let state = self.shelf.as_ref()?.state();
        state.before(serving.digest()).next().cloned()
    }

    /// The versions that are kept, the oldest first.
    #[must_use]
    pub fn versions(&self) -> Vec<Stored> {
        let shelf = self.shelf.as_ref();
        shelf.map_or_else(Vec::new, |shelf| shelf.state().versions)
    }

    /// The metrics of the model at one moment.
    #[must_use]
    pub fn gather(&self) -> Vec<MetricFamily> {
        self.metrics.gather(&self.serving().served)
    }

    /// Requests go to `serving` from now on, and to `candidate`.
    pub(super) fn switch(&self, serving: Arc<Version>, candidate: Option<Arc<Candidate>>) {
        let previous = self.serving();
        let trial = candidate
            .as_ref()
            .map(|candidate| (&candidate.version.served, candidate.plan.mode.as_str()));
        self.metrics.trial(trial);
        let next = Arc::new(Route {
            serving: Arc::clone(&serving),
            candidate: candidate.clone(),
        });
        if Arc::ptr_eq(&previous, &serving) {
            self.route.store(next);
        } else {
            self.metrics
                .serves(&serving.served, Some(&previous.served), || {
                    self.route.store(next);
                });
        }
    }
}
