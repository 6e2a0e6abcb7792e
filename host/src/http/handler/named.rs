//! The registered model of a request.

use std::sync::Arc;

use canopy_web::{Call, Parameters, Problem, StatusCode};

use crate::app::App;
use crate::http::Server;
use crate::models::{ChangeError, InvalidName, ModelName, RegisteredModel};

/// The model named in the path, or the default model.
pub(crate) fn named(app: &App, parameters: &Parameters) -> Result<Arc<RegisteredModel>, Problem> {
    let Some(name) = parameters.get("name") else {
        return app.models.default_owned().ok_or_else(no_model);
    };
    let name = parse(name)?;
    let model = app.models.get(&name);
    model.ok_or_else(|| ChangeError::Unknown(name).into())
}

/// The model name in the path.
pub(super) fn name(call: &Call<'_, Server>) -> Result<ModelName, Problem> {
    parse(call.parameters.get("name").unwrap_or_default())
}

fn parse(name: &str) -> Result<ModelName, Problem> {
    name.parse()
        .map_err(|error: InvalidName| Problem::unprocessable(error.to_string()))
}

/// The registered model of a request.
pub(super) fn model(call: &Call<'_, Server>) -> Result<Arc<RegisteredModel>, Problem> {
    named(&call.service.app, call.parameters)
}

/// 404: no default model is registered yet.
pub(super) fn no_model() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "there is no default model: PUT /models/{name} brings one, and GET /ready?verbose says which \
         models are not served",
    )
}
