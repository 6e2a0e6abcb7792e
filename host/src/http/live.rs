//! `GET /live`: what the predictions of a model are like at the moment.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Shared;
use super::models::Named;

/// Counters since the start, of which a client makes rates by asking twice, and the sliding window
/// with its drift when that was computed last.
pub(super) async fn live(State(host): Shared, Named(slot): Named) -> Json<Value> {
    let version = slot.serving();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Json(json!({
        "time": now.unwrap_or_default().as_secs_f64(),
        "model": slot.name.as_str(),
        "version": version.served.model().info().version,
        "requests": slot.metrics.requests(),
        "calls": slot.metrics.calls(),
        "answers": host.metrics.predictions(),
        "window": version.window.fill(),
        "drift": version.drift.load().as_deref(),
    }))
}
