//! Observations of a model: `/observations` and `/models/{name}/observations`.

use std::sync::Arc;

use canopy_web::{Body, Call, Problem, Response, StatusCode, json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::named;
use crate::app::App;
use crate::app::observations::{self, Entry, ObservationsError};
use crate::http::Server;
use crate::models::RegisteredModel;

/// Default and maximum number of batches in a list.
const LIMITS: [usize; 2] = [100, 1000];

/// Which observations to list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObservationsQuery {
    /// Id of the batch that the list continues after.
    #[schema(nullable = false)]
    before: Option<String>,
    /// At most so many.
    #[schema(nullable = false, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// Stored rows of evaluations that a retraining learns from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObservationList {
    /// The batches, newest first.
    observations: Vec<Entry>,
}

/// `GET /observations`
pub(crate) async fn list(call: Call<'_, Server>) -> Result<Response, Problem> {
    let ObservationsQuery { before, limit } = call.query()?;
    let [default, maximum] = LIMITS;
    let limit = limit.unwrap_or(default).min(maximum);
    let listing = move |app: &App, model: &Arc<RegisteredModel>| {
        observations::list(app, model, before.as_deref(), limit)
    };
    let observations = in_background(&call, listing).await?;
    json(StatusCode::OK, &ObservationList { observations })
}

/// `GET /observations/{id}`
pub(crate) async fn show(call: Call<'_, Server>) -> Result<Response, Problem> {
    let id = id(&call);
    let shown = in_background(&call, move |app, model| observations::show(app, model, &id));
    json(StatusCode::OK, &shown.await?)
}

/// `DELETE /observations/{id}`
pub(crate) async fn remove(call: Call<'_, Server>) -> Result<Response, Problem> {
    let id = id(&call);
    in_background(&call, move |app, model| {
        observations::remove(app, model, &id)
    })
    .await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

fn id(call: &Call<'_, Server>) -> String {
    call.parameters.get("id").unwrap_or_default().to_owned()
}

/// Does work that reads files in the background pool.
async fn in_background<T: Send + 'static>(
    call: &Call<'_, Server>,
    work: impl FnOnce(&App, &Arc<RegisteredModel>) -> Result<T, ObservationsError> + Send + 'static,
) -> Result<T, Problem> {
    let model = named::model(call)?;
    let permit = call.background_permit()?;
    let app = Arc::clone(&call.service.app);
    let pool = Arc::clone(&app.pools.background);
    Ok(pool.run(&permit, move || work(&app, &model)).await??)
}
