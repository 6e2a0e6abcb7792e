//! Every metric of the host, declared once. The help text says what it is.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use canopy_drift::DatasetDrift;
use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Encoder as _, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter,
    IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::evaluation::{Evaluation, Scores};
use crate::runtime::CallError;
use crate::served::Served;

/// Upper bounds of the request duration histogram, in seconds: 50 µs to 10 s.
const DURATIONS: [f64; 17] = [
    50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.2, 0.5, 1.0, 2.0,
    5.0, 10.0,
];

/// Upper bounds of the inference histogram, in seconds: 1 µs to 1 s.
const LATENCIES: [f64; 16] = [
    1e-6, 2e-6, 5e-6, 10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 5e-3, 10e-3, 50e-3, 0.1,
    0.5, 1.0,
];

/// Most versions of a model that have a counter of their own.
const MOST_VERSIONS: usize = 10;

/// Labels of a request.
const REQUEST: &[&str] = &["endpoint", "method", "status_code"];

/// The host's metrics.
pub struct Metrics {
    registry: Registry,
    /// Held while several gauges change together, and while all are read: no scrape sees half
    /// an evaluation. Guards the model versions that have a counter, oldest first.
    together: Mutex<VecDeque<String>>,
    requests: IntCounterVec,
    request_duration: HistogramVec,
    in_flight: IntGauge,
    inference_latency: Histogram,
    predictions: IntCounterVec,
    predicted_rows: IntCounter,
    regression: [Gauge; 4],
    classification: [Gauge; 5],
    drift_detected: IntGauge,
    drift_share: Gauge,
    drift_score: GaugeVec,
    drift_threshold: GaugeVec,
    unusual_requests: IntCounter,
    unusual_ratio: Gauge,
    live_score: GaugeVec,
    live_share: Gauge,
    evaluated_rows: IntCounter,
    last_evaluation: Gauge,
    observed_rows: IntCounter,
    failed_observations: IntCounter,
    model_info: IntGaugeVec,
    swaps: IntCounterVec,
    failed_calls: IntCounterVec,
    instances: IntGauge,
    memory: IntGauge,
}

impl Metrics {
    /// All metrics, at zero; scores are NaN until the first evaluation.
    ///
    /// # Errors
    ///
    /// If two metrics have the same name, which is a mistake in this file.
    pub fn new() -> Result<Self, prometheus::Error> {
        let make = Maker(Registry::new());
        make.0.register(Box::new(ProcessCollector::for_self()))?;
        let metrics = Self {
            together: Mutex::default(),
            requests: make.counters(
                "api_requests_total",
                "Requests answered, by matched route, method and status.",
                REQUEST,
            )?,
            request_duration: make.keep(HistogramVec::new(
                HistogramOpts::new(
                    "api_request_duration_seconds",
                    "Time from the head of a request to its answer.",
                )
                .buckets(DURATIONS.to_vec()),
                REQUEST,
            )?)?,
            in_flight: make.int_gauge(
                "api_requests_in_flight",
                "Requests being answered at the moment.",
            )?,
            inference_latency: make.keep(Histogram::with_opts(
                HistogramOpts::new(
                    "inference_latency_seconds",
                    "Time of the model's call alone.",
                )
                .buckets(LATENCIES.to_vec()),
            )?)?,
            predictions: make.counters(
                "prediction_requests_total",
                "Prediction requests answered by the model, by its version.",
                &["model_version"],
            )?,
            predicted_rows: make.counter("predicted_rows_total", "Rows predicted for clients.")?,
            regression: [
                make.gauge(
                    "model_rmse_score",
                    "Root mean squared error, last evaluation.",
                )?,
                make.gauge("model_mae_score", "Mean absolute error, last evaluation.")?,
                make.gauge(
                    "model_r2_score",
                    "Coefficient of determination, last evaluation.",
                )?,
                make.gauge(
                    "model_mape_score",
                    "Mean absolute error in per cent of the target, last evaluation.",
                )?,
            ],
            classification: [
                make.gauge("prediction_accuracy_score", "Accuracy, last evaluation.")?,
                make.gauge("prediction_precision_score", "Precision, last evaluation.")?,
                make.gauge("prediction_recall_score", "Recall, last evaluation.")?,
                make.gauge("prediction_f1_score", "F1 score, last evaluation.")?,
                make.gauge(
                    "prediction_roc_auc_score",
                    "Area under the ROC curve, last evaluation.",
                )?,
            ],
            drift_detected: make.int_gauge(
                "evidently_data_drift_detected_status",
                "1 if the last evaluation found the data drifted, else 0.",
            )?,
            drift_share: make.gauge(
                "data_drift_share",
                "Share of the columns that drifted, last evaluation.",
            )?,
            drift_score: make.gauges(
                "data_drift_score",
                "Drift score of a column by the method that applied, last evaluation.",
            )?,
            drift_threshold: make.gauges(
                "data_drift_threshold",
                "Threshold of a column's drift score by the method that applied, last evaluation.",
            )?,
            unusual_requests: make.counter(
                "data_drift_requests_total",
                "Prediction requests with a feature outside the training range or more than \
                 three standard deviations from its mean.",
            )?,
            unusual_ratio: make.gauge(
                "data_drift_ratio",
                "Share of such rows in the sliding window of predicted rows.",
            )?,
            live_score: make.gauges(
                "live_data_drift_score",
                "Drift score of a column over the sliding window of predicted rows.",
            )?,
            live_share: make.gauge(
                "live_data_drift_share",
                "Share of the columns that drifted in the sliding window of predicted rows.",
            )?,
            evaluated_rows: make.counter("evaluated_rows_total", "Labelled rows evaluated.")?,
            last_evaluation: make.gauge(
                "last_evaluation_timestamp_seconds",
                "Unix time of the last successful evaluation.",
            )?,
            observed_rows: make.counter(
                "observed_rows_total",
                "Labelled rows kept for a retraining.",
            )?,
            failed_observations: make.counter(
                "observations_failed_total",
                "Evaluations whose rows could not be kept.",
            )?,
            model_info: make.keep(IntGaugeVec::new(
                Opts::new(
                    "model_info",
                    "1 for the model that serves, 0 for the one before.",
                ),
                &["name", "version", "digest"],
            )?)?,
            swaps: make.counters(
                "model_swaps_total",
                "Attempts to replace the serving model, by outcome.",
                &["outcome"],
            )?,
            failed_calls: make.counters(
                "model_calls_failed_total",
                "Calls of the model that gave no answer, by reason.",
                &["reason"],
            )?,
            instances: make.int_gauge(
                "model_instances",
                "Instances of the serving model's component.",
            )?,
            memory: make.int_gauge("model_memory_bytes", "Linear memory of these instances.")?,
            registry: make.0,
        };
        let scores = metrics.regression.iter().chain(&metrics.classification);
        for gauge in scores.chain([&metrics.live_share]) {
            gauge.set(f64::NAN);
        }
        for reason in [
            "trap", "deadline", "memory", "overload", "refused", "failed", "answer",
        ] {
            metrics.failed_calls.with_label_values(&[reason]);
        }
        for outcome in [SWAPPED, REJECTED] {
            metrics.swaps.with_label_values(&[outcome]);
        }
        Ok(metrics)
    }

    /// A request begins; it counts as in flight until the guard is dropped.
    #[must_use]
    pub fn request(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// A request was answered.
    pub fn answered(&self, endpoint: &str, method: &str, status: &str, duration: Duration) {
        let labels = [endpoint, method, status];
        self.requests.with_label_values(&labels).inc();
        self.request_duration
            .with_label_values(&labels)
            .observe(duration.as_secs_f64());
    }

    /// The model answered a prediction request of some rows; `unusual` says whether one of them
    /// has an unusual value.
    pub fn predicted(&self, served: &Served, rows: usize, unusual: bool) {
        let version = served.model().info().version.as_str();
        self.predictions.with_label_values(&[version]).inc();
        self.predicted_rows.inc_by(rows as u64);
        self.unusual_requests.inc_by(u64::from(unusual));
    }

    /// A row of `/predict` joined the sliding window, of which `ratio` is the share of rows with
    /// an unusual value.
    pub fn watched(&self, ratio: f64) {
        self.unusual_ratio.set(ratio);
    }

    /// The model's call took this long.
    pub fn called(&self, duration: Duration) {
        self.inference_latency.observe(duration.as_secs_f64());
    }

    /// The model's call gave no answer.
    pub fn call_failed(&self, error: &CallError) {
        self.failed_calls.with_label_values(&[error.reason()]).inc();
    }

    /// A request was refused because the host has more to do than it can.
    pub fn overloaded(&self) {
        self.failed_calls.with_label_values(&[OVERLOAD]).inc();
    }

    /// An evaluation succeeded. All its gauges change together.
    pub fn evaluated(&self, evaluation: &Evaluation) {
        let _together = self.lock();
        match &evaluation.scores {
            Scores::Regression(scores) => {
                let [rmse, mae, r2, mape] = &self.regression;
                rmse.set(scores.rmse);
                mae.set(scores.mae);
                r2.set(scores.r2.unwrap_or(f64::NAN));
                mape.set(scores.mape.unwrap_or(f64::NAN));
            }
            Scores::Classification(scores) => {
                let [accuracy, precision, recall, f1, roc_auc] = &self.classification;
                accuracy.set(scores.accuracy);
                precision.set(scores.precision);
                recall.set(scores.recall);
                f1.set(scores.f1);
                roc_auc.set(scores.roc_auc.unwrap_or(f64::NAN));
            }
        }
        self.drift_detected.set(evaluation.drift.drifted.into());
        self.drift_share.set(evaluation.drift.share);
        set_scores(&self.drift_score, &evaluation.drift);
        self.drift_threshold.reset();
        for column in &evaluation.drift.columns {
            self.drift_threshold
                .with_label_values(&[column.column.as_str(), column.method.name()])
                .set(column.threshold);
        }
        self.evaluated_rows.inc_by(evaluation.items as u64);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        self.last_evaluation
            .set(now.map_or(0.0, |now| now.as_secs_f64()));
    }

    /// Labelled rows were kept.
    pub fn observed(&self, rows: usize) {
        self.observed_rows.inc_by(rows as u64);
    }

    /// Labelled rows could not be kept.
    pub fn observation_failed(&self) {
        self.failed_observations.inc();
    }

    /// The drift of the sliding window was computed; it counts only if `is_current` says that
    /// the window's model still serves.
    pub fn live_drift(&self, drift: &DatasetDrift, is_current: impl FnOnce() -> bool) {
        let _together = self.lock();
        if is_current() {
            self.live_share.set(drift.share);
            set_scores(&self.live_score, drift);
        }
    }

    /// `served` serves from now on, in place of `previous`: does the `switch` so that no scrape
    /// sees metrics of one model with another one serving.
    pub fn serves(&self, served: &Served, previous: Option<&Served>, switch: impl FnOnce()) {
        let mut versions = self.lock();
        let info = served.model().info();
        self.model_info.reset();
        for (served, value) in previous
            .map(|previous| (previous, 0))
            .into_iter()
            .chain([(served, 1)])
        {
            let (info, digest) = (served.model().info(), served.model().digest());
            self.model_info
                .with_label_values(&[info.name.as_str(), &info.version, digest])
                .set(value);
        }
        versions.retain(|version| *version != info.version);
        versions.push_back(info.version.clone());
        if versions.len() > MOST_VERSIONS
            && let Some(oldest) = versions.pop_front()
        {
            // It may have predicted nothing, and then has no counter.
            let _ = self.predictions.remove_label_values(&[oldest.as_str()]);
        }
        self.live_score.reset();
        self.live_share.set(f64::NAN);
        self.unusual_ratio.set(0.0);
        switch();
    }

    /// An attempt to replace the serving model ended.
    pub fn swap_attempted(&self, swapped: bool) {
        let outcome = if swapped { SWAPPED } else { REJECTED };
        self.swaps.with_label_values(&[outcome]).inc();
    }

    /// All metrics in the text format of Prometheus.
    ///
    /// # Errors
    ///
    /// If a metric cannot be encoded, which is a mistake in this file.
    pub fn text(&self, served: &Served) -> Result<String, prometheus::Error> {
        let _together = self.lock();
        self.instances.set(served.model().instances().into());
        let memory = i64::try_from(served.model().memory());
        self.memory.set(memory.unwrap_or(i64::MAX));
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.together.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight.
#[derive(Debug)]
pub struct InFlight(IntGauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

const OVERLOAD: &str = "overload";
const SWAPPED: &str = "swapped";
const REJECTED: &str = "rejected";

/// Sets the score of every column, NaN where it is undefined.
fn set_scores(gauges: &GaugeVec, drift: &DatasetDrift) {
    gauges.reset();
    for column in &drift.columns {
        gauges
            .with_label_values(&[column.column.as_str(), column.method.name()])
            .set(column.score.unwrap_or(f64::NAN));
    }
}

/// Makes metrics and registers them.
struct Maker(Registry);

impl Maker {
    fn keep<C: Collector + Clone + 'static>(&self, metric: C) -> Result<C, prometheus::Error> {
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.keep(IntCounter::new(name, help)?)
    }

    fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntCounterVec, prometheus::Error> {
        self.keep(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<Gauge, prometheus::Error> {
        self.keep(Gauge::new(name, help)?)
    }

    fn gauges(&self, name: &str, help: &str) -> Result<GaugeVec, prometheus::Error> {
        self.keep(GaugeVec::new(Opts::new(name, help), &["column", "method"])?)
    }

    fn int_gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.keep(IntGauge::new(name, help)?)
    }
}
