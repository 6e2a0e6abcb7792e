//! `POST /alerts`: receives notifications from Alertmanager.

use canopy_web::{Call, Problem, Response, StatusCode, json};
use serde::Serialize;

use super::Server;
use crate::retraining::{Decision, Webhook};

/// Maximum size of a notification in bytes.
const LIMIT: u64 = 2 << 20;

/// The decision on each alert, in the order of the notification.
#[derive(Serialize)]
struct Answer {
    alerts: Vec<Decided>,
}

#[derive(Serialize)]
struct Decided {
    alertname: String,
    fingerprint: String,
    decision: Decision,
    /// The id of the run that was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<u64>,
}

pub(super) async fn receive(mut call: Call<'_, Server>) -> Result<Response, Problem> {
    let body = call.read(LIMIT).await?;
    let webhook =
        Webhook::parse(&body).map_err(|detail| Problem::new(StatusCode::BAD_REQUEST, detail))?;
    let alerts = webhook.alerts.into_iter().map(|alert| {
        let (decision, run) = call.service.retrainer.receive(&alert);
        Decided {
            alertname: alert.name().to_owned(),
            fingerprint: alert.fingerprint,
            decision,
            run,
        }
    });
    let alerts = alerts.collect();
    json(StatusCode::ACCEPTED, &Answer { alerts })
}
