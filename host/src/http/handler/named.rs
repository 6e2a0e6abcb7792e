//! The model that a request is about.

use std::sync::Arc;

use canopy_web::{Call, Problem, StatusCode};

use crate::http::Server;
use crate::models::{ChangeError, InvalidName, ModelName, RegisteredModel};

/// The model that the path names, or else the default model.
pub(crate) fn named(call: &Call<'_, Server>) -> Result<Arc<RegisteredModel>, Problem> {
    let models = &call.service.app.models;
    if call.parameter("name").is_none() {
        return models.default_owned().ok_or_else(no_model);
    }
    let name = name(call)?;
    let model = models.get(&name);
    model.ok_or_else(|| ChangeError::Unknown(name).into())
}

/// The name in the path.
pub(super) fn name(call: &Call<'_, Server>) -> Result<ModelName, Problem> {
    let name = call.parameter("name").unwrap_or_default();
    name.parse()
        .map_err(|error: InvalidName| Problem::unprocessable(error.to_string()))
}

/// There is no default model yet.
pub(super) fn no_model() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "there is no model yet; PUT /models/{name} brings one",
    )
}
