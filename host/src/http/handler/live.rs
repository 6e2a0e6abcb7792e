//! `GET /live`: the live traffic of a model.

use std::time::{SystemTime, UNIX_EPOCH};

use canopy_drift::DatasetDrift;
use canopy_web::{Call, HttpMetrics, Problem, Response, Service as _, StatusCode, json};
use prometheus::core::Metric as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::named;
use crate::http::Server;
use crate::metrics::Latencies;
use crate::monitoring::Fill;

/// Live traffic of a model: counters since the start of the host, and the live window. Subtract
/// an earlier reading from a later one to get the traffic in between.
#[derive(Serialize, ToSchema)]
pub(crate) struct Live<'a> {
    /// Unix time of this reading in seconds.
    time: f64,
    /// Name of the model.
    model: &'a str,
    /// The serving version.
    version: &'a str,
    /// Number of answered prediction requests.
    requests: f64,
    /// Durations of the model's calls.
    calls: Latencies,
    /// Durations of requests for single predictions, for all models together.
    answers: Latencies,
    /// How full the live window is.
    window: Fill,
    /// Last computed drift of the live window; null if there were too few rows to compute it.
    #[schema(required)]
    drift: Option<&'a DatasetDrift>,
}

/// Counters since the start, from which a client computes rates, and the live window with its last
/// computed drift.
pub(crate) async fn live(call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = named::model(&call)?;
    let version = model.serving();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let drift = version.drift.load();
    let live = Live {
        time: now.unwrap_or_default().as_secs_f64(),
        model: model.name.as_str(),
        version: &version.loaded.model().info().version,
        requests: model.metrics.requests(),
        calls: model.metrics.calls(),
        answers: prediction_latencies(&call.service.parts().http_metrics),
        window: version.window.fill(),
        drift: drift.as_deref(),
    };
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
