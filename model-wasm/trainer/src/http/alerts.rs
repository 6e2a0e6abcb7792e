//! `POST /alerts`

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use serde::Serialize;

use super::Shared;
use super::problem::Problem;
use crate::retraining::{Decision, Webhook};

/// What was decided on each alert, in the order they came.
#[derive(Serialize)]
pub(super) struct Answer {
    alerts: Vec<Decided>,
}

#[derive(Serialize)]
struct Decided {
    alertname: String,
    fingerprint: String,
    decision: Decision,
    /// The run that was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<u64>,
}

pub(super) async fn receive(
    State(retrainer): Shared,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let body = body.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let webhook =
        Webhook::read(&body).map_err(|detail| Problem::new(StatusCode::BAD_REQUEST, detail))?;
    let alerts = webhook.alerts.into_iter().map(|alert| {
        let (decision, run) = retrainer.receive(&alert);
        Decided {
            alertname: alert.name().to_owned(),
            fingerprint: alert.fingerprint,
            decision,
            run,
        }
    });
    let alerts = alerts.collect();
    Ok((StatusCode::ACCEPTED, Json(Answer { alerts })))
}
