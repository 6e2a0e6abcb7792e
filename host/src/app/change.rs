//! Changes of the registered models and their rollouts.
//!
//! Every change is logged, whether it succeeds or not.

use std::sync::Arc;

use canopy_pool::{Owner, Permit};
use canopy_resources::Held;
use canopy_runtime::Component;
use canopy_telemetry::context;
use tracing::{info, warn};

use super::App;
use crate::models::{Change, ChangeError, ModelName, Plan, Registry};

/// How to roll out a component that a client uploads.
pub(crate) enum Upload {
    /// Serve it. Its features may differ from those of the serving version only if
    /// `allow_feature_change` is set.
    Serve { allow_feature_change: bool },
    /// Put it on trial as a candidate.
    Try(Plan),
}

/// A change of a model without an upload.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// Serve the previous version again.
    RollBack,
    /// Serve the candidate.
    Promote,
    /// End the trial of the candidate.
    Withdraw,
}

/// Rolls out an uploaded component. Runs in the pool that compiles components.
pub(crate) async fn upload(
    app: &Arc<App>,
    permit: &Permit,
    name: ModelName,
    component: Held<Component>,
    upload: Upload,
) -> Result<Change, ChangeError> {
    let worker = Arc::clone(app);
    let changed = app.pools.uploads.run(permit, move || match upload {
        Upload::Serve {
            allow_feature_change,
        } => worker.models.put(&name, &component, allow_feature_change),
        Upload::Try(plan) => worker.models.propose(&name, &component, plan),
    });
    log(changed.await.unwrap_or(Err(ChangeError::Panicked)))
}

/// Changes a model. Does not use the pool that compiles components, so that a rollback does not wait
/// for an upload.
pub(crate) async fn act(
    app: &Arc<App>,
    name: ModelName,
    action: Action,
) -> Result<Change, ChangeError> {
    let changed = blocking(app, move |models| match action {
        Action::RollBack => models.roll_back(&name),
        Action::Promote => models.promote(&name),
        Action::Withdraw => models.withdraw(&name),
    });
    log(changed.await)
}

/// Retires a model: unregisters it and removes its versions.
pub(crate) async fn retire(app: &Arc<App>, name: ModelName) -> Result<(), ChangeError> {
    let model = name.clone();
    blocking(app, move |models| models.retire(&name))
        .await
        .inspect_err(refused)?;
    info!(%model, "model retired");
    Ok(())
}

/// Loads a model that was unloaded; for a model that is loaded, checks whether its file has changed.
pub(crate) async fn load(app: &Arc<App>, name: ModelName) -> Result<(), ChangeError> {
    let (worker, model) = (Arc::clone(app), name.clone());
    let loaded = app
        .pools
        .uploads
        .run_unbounded(Owner::SYSTEM, move || worker.models.load(&name));
    let loaded = loaded.await.unwrap_or(Err(ChangeError::Panicked));
    loaded.inspect_err(refused)?;
    info!(%model, "model loaded");
    Ok(())
}

/// Unloads a model until it is loaded again or the host restarts.
pub(crate) fn unload(app: &App, name: &ModelName) -> Result<(), ChangeError> {
    app.models.unload(name).inspect_err(refused)?;
    info!(model = %name, "model unloaded");
    Ok(())
}

/// Runs work that waits for the disk on a separate thread.
async fn blocking<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&Registry) -> Result<T, ChangeError> + Send + 'static,
) -> Result<T, ChangeError> {
    let worker = Arc::clone(app);
    let done = context::spawn_blocking(move || work(&worker.models));
    done.await.unwrap_or(Err(ChangeError::Panicked))
}

fn log(changed: Result<Change, ChangeError>) -> Result<Change, ChangeError> {
    match &changed {
        Ok(change) => info!(
            model = %change.name,
            version = %change.version,
            digest = %change.digest,
            outcome = ?change.outcome,
            "model changed"
        ),
        Err(error) => refused(error),
    }
    changed
}

fn refused(error: &ChangeError) {
    let problem = describe(error);
    warn!(problem, "model not changed");
}

/// An error with its causes, in one line.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    let words: Vec<String> = chain.map(ToString::to_string).collect();
    words.join(": ")
}
