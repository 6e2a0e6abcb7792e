//! Changing which models there are, and which of their versions serve.
//!
//! Every change is logged, whether it was made or refused.

use std::sync::Arc;

use canopy_pool::Permit;
use canopy_runtime::Component;
use canopy_telemetry::context;
use tracing::{info, warn};

use super::App;
use crate::models::{Change, ChangeError, ModelName, Plan, Registry};

/// What is to be done with a component that a client uploads.
pub(crate) enum Upload {
    /// It serves from now on, with other features than before if that is allowed.
    Serve { allow_feature_change: bool },
    /// It goes on trial.
    Try(Plan),
}

/// A change of a model that needs no upload.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// The version that served before serves again.
    RollBack,
    /// The version on trial serves.
    Promote,
    /// The trial ends.
    Withdraw,
}

/// Does with a component what a client wants, where components are compiled.
pub(crate) async fn upload(
    app: &Arc<App>,
    permit: &Permit,
    name: ModelName,
    component: Component,
    upload: Upload,
) -> Result<Change, ChangeError> {
    let worker = Arc::clone(app);
    let changed = app.uploads.run(permit, move || match upload {
        Upload::Serve {
            allow_feature_change,
        } => worker.models.put(&name, &component, allow_feature_change),
        Upload::Try(plan) => worker.models.propose(&name, &component, plan),
    });
    log(changed.await.unwrap_or_else(|_| Err(ChangeError::Panicked)))
}

/// Changes a model; not where components are compiled, so that a rollback does not wait for an
/// upload.
pub(crate) async fn act(
    app: &Arc<App>,
    name: ModelName,
    action: Action,
) -> Result<Change, ChangeError> {
    let changed = elsewhere(app, move |models| match action {
        Action::RollBack => models.roll_back(&name),
        Action::Promote => models.promote(&name),
        Action::Withdraw => models.withdraw(&name),
    });
    log(changed.await)
}

/// Retires a model: it is not served any more, its versions are removed.
pub(crate) async fn retire(app: &Arc<App>, name: ModelName) -> Result<(), ChangeError> {
    let model = name.clone();
    elsewhere(app, move |models| models.retire(&name))
        .await
        .inspect_err(|error| refused(error))?;
    info!(%model, "model retired");
    Ok(())
}

/// Serves a model that was unloaded; one that is served already looks at its file.
pub(crate) async fn load(app: &Arc<App>, name: ModelName) -> Result<(), ChangeError> {
    let (worker, model) = (Arc::clone(app), name.clone());
    let loaded = app.uploads.run_unbounded(move || worker.models.load(&name));
    let loaded = loaded.await.unwrap_or(Err(ChangeError::Panicked));
    loaded.inspect_err(refused)?;
    info!(%model, "model loaded");
    Ok(())
}

/// Serves a model no longer, until it is loaded or the host starts anew.
pub(crate) fn unload(app: &App, name: &ModelName) -> Result<(), ChangeError> {
    app.models.unload(name).inspect_err(refused)?;
    info!(model = %name, "model unloaded");
    Ok(())
}

/// Does work that waits for the disk on a thread of its own.
async fn elsewhere<T: Send + 'static>(
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

/// The whole chain of an error in one line.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    let words: Vec<String> = chain.map(ToString::to_string).collect();
    words.join(": ")
}
