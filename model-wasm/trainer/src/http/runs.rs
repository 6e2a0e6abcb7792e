//! `GET /runs` lists the last hundred runs; `POST /runs` starts one.

use canopy_web::{Call, Problem, Response, StatusCode, json};
use serde::Serialize;

use super::Server;
use crate::retraining::Run;

/// The last runs, newest first.
#[derive(Serialize)]
struct Runs {
    runs: Vec<Run>,
}

pub(super) async fn list(call: Call<'_, Server>) -> Result<Response, Problem> {
    let runs = call.service.retrainer.runs();
    json(StatusCode::OK, &Runs { runs })
}

pub(super) async fn start(call: Call<'_, Server>) -> Result<Response, Problem> {
    match call.service.retrainer.start_manually() {
        Some(run) => json(StatusCode::ACCEPTED, &run),
        None => Err(Problem::new(
            StatusCode::CONFLICT,
            "a run is already in progress; see GET /runs",
        )),
    }
}
