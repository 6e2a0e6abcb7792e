//! Trials of candidates.

use std::sync::Arc;

use canopy_runtime::Component;
use tracing::{error, info};

use super::upload::comparable;
use super::{Registry, describe};
use crate::models::candidate::{Candidate, Ended, Plan, Verdict};
use crate::models::change::{Change, ChangeError, Outcome};
use crate::models::name::ModelName;
use crate::models::registered::RegisteredModel;
use crate::models::store::OnTrial;

/// The reason of a trial that was ended manually.
const MANUAL: &str = "by hand";

impl Registry {
    /// Puts a component on trial as the candidate of a model, replacing any previous candidate.
    ///
    /// # Errors
    ///
    /// If the component cannot be loaded or stored, is already serving, or cannot be compared with
    /// the serving version.
    pub fn propose(
        &self,
        name: &ModelName,
        component: &Component,
        plan: Plan,
    ) -> Result<Change, ChangeError> {
        let model = self.known(name)?;
        self.folder.check()?;
        let store = model.store.as_ref().ok_or(ChangeError::NotKept)?;
        let loaded = self.loader.load(component)?;
        let _changing = self.lock();
        self.is_current(&model)?;
        let serving = model.serving();
        if loaded.model().digest() == serving.digest() {
            return Err(ChangeError::Serving(name.clone()));
        }
        comparable(&model, &loaded).map_err(ChangeError::Incomparable)?;
        store.add(&loaded, component, |state| {
            state.candidate = Some(OnTrial {
                digest: component.digest(),
                plan: plan.clone(),
            });
        })?;
        let version = self.version(loaded, &model.metrics);
        let candidate = Candidate::new(Arc::clone(&version), plan, &serving.loaded);
        model.switch(serving, Some(Arc::new(candidate)));
        Ok(Change::new(name, &version, Outcome::Proposed))
    }

    /// Makes the candidate the serving version.
    ///
    /// # Errors
    ///
    /// If there is no candidate or the change cannot be recorded on disk.
    pub fn promote(&self, name: &ModelName) -> Result<Change, ChangeError> {
        let model = self.known(name)?;
        let _changing = self.lock();
        let candidate = on_trial(&model)?;
        self.end_trial(&model, &candidate, true, MANUAL)
    }

    /// Ends the trial of the candidate; the serving version stays.
    ///
    /// # Errors
    ///
    /// If there is no candidate or the change cannot be recorded on disk.
    pub fn withdraw(&self, name: &ModelName) -> Result<Change, ChangeError> {
        let model = self.known(name)?;
        let _changing = self.lock();
        let candidate = on_trial(&model)?;
        self.end_trial(&model, &candidate, false, MANUAL)
    }

    /// Carries out a verdict, unless the trial has ended in the meantime.
    pub(crate) fn decide(
        &self,
        model: &RegisteredModel,
        candidate: &Arc<Candidate>,
        verdict: &Verdict,
    ) {
        let _changing = self.lock();
        let is_on_trial = on_trial(model).is_ok_and(|current| Arc::ptr_eq(&current, candidate));
        if !is_on_trial {
            return;
        }
        let (name, reason) = (&model.name, &verdict.reason);
        match self.end_trial(model, candidate, verdict.promote, reason) {
            Ok(change) => {
                info!(model = %name, version = %change.version, outcome = ?change.outcome, reason, "trial decided");
            }
            Err(error) => {
                let error = describe(error);
                error!(model = %name, error, reason, "the trial was decided, but the change failed");
                candidate.reopen();
            }
        }
    }

    fn end_trial(
        &self,
        model: &RegisteredModel,
        candidate: &Candidate,
        promote: bool,
        reason: &str,
    ) -> Result<Change, ChangeError> {
        let store = model.store.as_ref().ok_or(ChangeError::NotKept)?;
        let version = &candidate.version;
        store.note(|state| {
            if promote {
                state.serve(version.digest());
            }
            state.candidate = None;
        })?;
        model.metrics.candidate_decided(promote);
        let (serving, outcome) = if promote {
            model.metrics.swap_attempted(true);
            (Arc::clone(version), Outcome::Promoted)
        } else {
            (model.serving(), Outcome::Withdrawn)
        };
        let change = Change::new(&model.name, version, outcome);
        model.trial_ended(Ended {
            version: change.version.clone(),
            outcome,
            reason: reason.to_owned(),
        });
        model.switch(serving, None);
        Ok(change)
    }
}

fn on_trial(model: &RegisteredModel) -> Result<Arc<Candidate>, ChangeError> {
    let candidate = model.rollout().candidate.clone();
    candidate.ok_or_else(|| ChangeError::NoCandidate(model.name.clone()))
}
