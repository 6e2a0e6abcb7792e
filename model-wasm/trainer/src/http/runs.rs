//! `GET /runs` and `POST /runs`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::Shared;
use super::problem::Problem;
use crate::retraining::Run;

/// The last runs, the newest first.
#[derive(Serialize)]
pub(super) struct Runs {
    runs: Vec<Run>,
}

pub(super) async fn list(State(retrainer): Shared) -> Json<Runs> {
    let runs = retrainer.runs();
    Json(Runs { runs })
}

pub(super) async fn start(State(retrainer): Shared) -> Result<(StatusCode, Json<Run>), Problem> {
    match retrainer.start_by_hand() {
        Some(run) => Ok((StatusCode::ACCEPTED, Json(run))),
        None => Err(Problem::new(
            StatusCode::CONFLICT,
            "a run is under way, see GET /runs",
        )),
    }
}
