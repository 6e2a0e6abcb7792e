//! Observations: the labelled rows that evaluations left for retraining.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use canopy_observations::{ColumnSummary, ObservationError, Origin, Stored};
use canopy_telemetry::context;
use serde::Serialize;
use tracing::{info, warn};
use utoipa::ToSchema;

use super::App;
use super::change::describe;
use crate::loaded_model::LoadedModel;
use crate::models::RegisteredModel;

/// A stored batch of rows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ObservationEntry)]
pub(crate) struct Entry {
    /// Identifies the batch.
    id: String,
    /// Unix time of the evaluation in seconds.
    time: u64,
    /// Number of rows; null if the file is damaged.
    #[schema(required)]
    rows: Option<usize>,
    #[serde(flatten)]
    origin: Origin,
    /// What is wrong with the file, for display; only present if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<String>,
}

/// A stored batch with its content in short.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Observation)]
pub(crate) struct Shown {
    #[serde(flatten)]
    entry: Entry,
    /// The columns; none if the file is damaged.
    columns: Vec<ColumnSummary>,
}

/// Why observations could not be listed, shown or removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObservationsError {
    /// The host stores none.
    #[error("this host stores no observations: start it with --observations FOLDER")]
    NotKept,
    /// There is no batch with this id.
    #[error("there are no observations {0:.64} of {1}; GET /models/{1}/observations lists them")]
    Unknown(String, String),
    /// The folder or the file cannot be used.
    #[error("the observations cannot be read or removed; see the log of the host")]
    Disk(#[source] ObservationError),
}

/// Where the rows of the current request come from.
pub(super) fn origin(
    model: &RegisteredModel,
    loaded: &LoadedModel,
    period: Option<String>,
) -> Origin {
    let request = context::current();
    Origin {
        user: request.as_ref().and_then(|it| it.user().map(str::to_owned)),
        request: request.as_ref().map(|it| it.id.clone()),
        period,
        model: Some(model.name.to_string()),
        version: Some(loaded.model().info().version.clone()),
        digest: Some(loaded.model().digest().to_string()),
    }
}

/// Lists at most `limit` batches of a model, newest first: those before the batch with the id
/// `before`, if it is given. Blocks.
pub(crate) fn list(
    app: &App,
    model: &Arc<RegisteredModel>,
    before: Option<&str>,
    limit: usize,
) -> Result<Vec<Entry>, ObservationsError> {
    let store = app.observations(model).ok_or(ObservationsError::NotKept)?;
    let stored = store.list().map_err(failed)?.into_iter();
    let selected = stored.filter(|it| before.is_none_or(|before| it.id.as_str() < before));
    Ok(selected.take(limit).map(|it| Entry::of(&it)).collect())
}

/// Shows a batch of a model, column by column. Blocks.
pub(crate) fn show(
    app: &App,
    model: &Arc<RegisteredModel>,
    id: &str,
) -> Result<Shown, ObservationsError> {
    let store = app.observations(model).ok_or(ObservationsError::NotKept)?;
    let stored = store.find(id).ok_or_else(|| unknown(model, id))?;
    let entry = Entry::of(&stored);
    let columns = match &entry.problem {
        Some(_) => Vec::new(),
        None => stored.summary().map_err(failed)?,
    };
    Ok(Shown { entry, columns })
}

/// Removes a batch of a model durably: no later retraining learns from it. Blocks.
pub(crate) fn remove(
    app: &App,
    model: &Arc<RegisteredModel>,
    id: &str,
) -> Result<(), ObservationsError> {
    let store = app.observations(model).ok_or(ObservationsError::NotKept)?;
    if !store.remove(id).map_err(failed)? {
        return Err(unknown(model, id));
    }
    info!(model = %model.name, observations = id, "observations removed");
    Ok(())
}

impl Entry {
    fn of(stored: &Stored) -> Self {
        let (footer, problem) = match stored.footer() {
            Ok(footer) => (Some(footer), None),
            Err(_) => (None, Some("the file is damaged".to_owned())),
        };
        let time = stored.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            id: stored.id.clone(),
            time: time.as_secs(),
            rows: footer.as_ref().map(|footer| footer.rows),
            origin: footer.map(|footer| footer.origin).unwrap_or_default(),
            problem,
        }
    }
}

fn unknown(model: &RegisteredModel, id: &str) -> ObservationsError {
    ObservationsError::Unknown(id.to_owned(), model.name.to_string())
}

fn failed(error: ObservationError) -> ObservationsError {
    let problem = describe(&error);
    warn!(problem, "the observations cannot be read or removed");
    ObservationsError::Disk(error)
}
