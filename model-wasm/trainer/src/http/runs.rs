//! `GET /runs` lists the last hundred runs; `POST /runs` starts one.

use canopy_web::{Call, Problem, Response, StatusCode, header, json};
use serde::Serialize;

use super::Server;
use crate::retraining::{NotStarted, Run};

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
        Ok(run) => json(StatusCode::ACCEPTED, &run),
        Err(NotStarted::Running) => Err(Problem::new(
            StatusCode::CONFLICT,
            "a run is already in progress; see GET /runs",
        )),
        Err(NotStarted::Cooldown(remaining)) => {
            let seconds = remaining.as_secs() + 1;
            let detail = format!(
                "the last run ended less than --cooldown ago; try again in {seconds} seconds"
            );
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, detail);
            Err(problem.with_header(header::RETRY_AFTER, seconds.into()))
        }
    }
}
