//! `GET /live`: the live traffic of a model.

use std::time::{SystemTime, UNIX_EPOCH};

use canopy_web::{Call, HttpMetrics, Problem, Response, Service as _, StatusCode, json};
use prometheus::core::Metric as _;

use super::named;
use crate::http::Server;
use crate::metrics::Latencies;

/// Counters since the start, from which a client computes rates, and the live window with its last
/// computed drift.
pub(crate) async fn live(call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = named::model(&call)?;
    let version = model.serving();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let live = serde_json::json!({
        "time": now.unwrap_or_default().as_secs_f64(),
        "model": model.name.as_str(),
        "version": version.loaded.model().info().version,
        "requests": model.metrics.requests(),
        "calls": model.metrics.calls(),
        "answers": prediction_latencies(&call.service.parts().http_metrics),
        "window": version.window.fill(),
        "drift": version.drift.load().as_deref(),
    });
    json(StatusCode::OK, &live)
}

/// The durations of requests for single predictions, for all models together.
fn prediction_latencies(http: &HttpMetrics) -> Latencies {
    let mut latencies = Latencies::new(HttpMetrics::BUCKETS);
    for (endpoint, durations) in http.durations() {
        if endpoint.ends_with("/predict") {
            latencies.add(durations.metric().get_histogram());
        }
    }
    latencies
}
