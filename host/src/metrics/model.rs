//! The metrics of one model, through all of its versions.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use canopy_drift::DatasetDrift;
use prometheus::core::{Collector as _, Metric as _};
use prometheus::proto::MetricFamily;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry,
};

use super::latency::Latencies;
use super::maker::Maker;
use crate::evaluation::{Evaluation, Scores};
use crate::runtime::CallError;
use crate::served::Served;

/// Upper bounds of the inference histogram, in seconds: 1 µs to 1 s.
const LATENCIES: [f64; 16] = [
    1e-6, 2e-6, 5e-6, 10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 5e-3, 10e-3, 50e-3, 0.1,
    0.5, 1.0,
];

/// Most versions of a model that have a counter of their own.
const MOST_VERSIONS: usize = 10;

/// The metrics of one model. All have the label `model`.
pub struct ModelMetrics {
    registry: Registry,
    /// Held while several gauges change together, and while all are read: no scrape sees half
    /// an evaluation.
    together: Mutex<Versions>,
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
    candidate_info: IntGaugeVec,
    candidate_calls: IntCounterVec,
    candidate_comparisons: IntCounterVec,
    candidate_latency: Histogram,
    candidate_decisions: IntCounterVec,
}

/// The versions that have a counter of their own.
#[derive(Default)]
struct Versions {
    /// The one that serves.
    serving: String,
    /// Oldest first.
    known: VecDeque<String>,
}

/// How a call of a candidate ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidateCall {
    /// With an answer, after this time.
    Answered(Duration),
    /// Without one, though the serving version has one, for this reason.
    Failed(&'static str),
    /// It was not made, because the host has better things to do.
    Skipped,
}

impl ModelMetrics {
    /// All metrics, at zero; scores are NaN until the first evaluation.
    ///
    /// # Errors
    ///
    /// If two metrics have the same name, which is a mistake in this file.
    pub fn new(name: &str) -> Result<Self, prometheus::Error> {
        let labels = HashMap::from([("model".to_owned(), name.to_owned())]);
        let make = Maker(Registry::new_custom(None, Some(labels))?);
        let metrics = Self {
            together: Mutex::default(),
            inference_latency: make.keep(latencies(
                "inference_latency_seconds",
                "Time of the model's call alone.",
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
            candidate_info: make.keep(IntGaugeVec::new(
                Opts::new("model_candidate_info", "1 for the candidate on trial."),
                &["version", "digest", "mode"],
            )?)?,
            candidate_calls: make.counters(
                "model_candidate_calls_total",
                "Calls of candidates on trial, by outcome: answered, skipped, or why there was no \
                 answer.",
                &["outcome"],
            )?,
            candidate_comparisons: make.counters(
                "model_candidate_comparisons_total",
                "Answers of candidates compared with those of the serving version, by outcome.",
                &["outcome"],
            )?,
            candidate_latency: make.keep(latencies(
                "model_candidate_latency_seconds",
                "Time of the candidate's call alone.",
            )?)?,
            candidate_decisions: make.counters(
                "model_candidate_decisions_total",
                "Trials that ended, by outcome.",
                &["outcome"],
            )?,
            registry: make.0,
        };
        let scores = metrics.regression.iter().chain(&metrics.classification);
        for gauge in scores.chain([&metrics.live_share]) {
            gauge.set(f64::NAN);
        }
        for (counter, values) in [
            (&metrics.failed_calls, &CallError::REASONS[..]),
            (&metrics.swaps, &[SWAPPED, REJECTED]),
            (&metrics.candidate_calls, &[ANSWERED, SKIPPED]),
            (&metrics.candidate_calls, &CallError::REASONS[..]),
            (&metrics.candidate_comparisons, &[AGREE, DISAGREE]),
            (&metrics.candidate_decisions, &[PROMOTED, WITHDRAWN]),
        ] {
            for value in values {
                counter.with_label_values(&[value]);
            }
        }
        Ok(metrics)
    }

    /// The counter of prediction requests that a version answers. Only so many versions have
    /// one: the oldest that does not serve loses its own.
    #[must_use]
    pub fn predictions(&self, version: &str) -> IntCounter {
        let mut versions = self.lock();
        versions.known.retain(|known| known != version);
        versions.known.push_back(version.to_owned());
        if versions.known.len() > MOST_VERSIONS {
            let oldest = versions.known.iter().position(|v| *v != versions.serving);
            if let Some(oldest) = oldest.and_then(|position| versions.known.remove(position)) {
                let _ = self.predictions.remove_label_values(&[oldest.as_str()]);
            }
        }
        self.predictions.with_label_values(&[version])
    }

    /// The model answered a prediction request of some rows; `unusual` says whether one of them
    /// has an unusual value.
    pub fn predicted(&self, rows: usize, unusual: bool) {
        self.predicted_rows.inc_by(rows as u64);
        self.unusual_requests.inc_by(u64::from(unusual));
    }

    /// A row of `/predict` joined the sliding window, of which `ratio` is the share of rows with
    /// an unusual value.
    pub fn watched(&self, ratio: f64) {
        self.unusual_ratio.set(ratio);
    }

    /// Prediction requests that all versions with a counter of their own answered.
    #[must_use]
    pub fn requests(&self) -> f64 {
        let families = self.predictions.collect();
        let metrics = families.iter().flat_map(MetricFamily::get_metric);
        metrics.map(|metric| metric.get_counter().get_value()).sum()
    }

    /// How long the model's calls took.
    #[must_use]
    pub fn calls(&self) -> Latencies {
        let mut latencies = Latencies::new(&LATENCIES);
        latencies.add(self.inference_latency.metric().get_histogram());
        latencies
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
        versions.serving.clone_from(&served.model().info().version);
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

    /// A candidate with this version and digest goes on trial, or none is any more.
    pub fn trial(&self, candidate: Option<(&Served, &str)>) {
        self.candidate_info.reset();
        if let Some((served, mode)) = candidate {
            let (version, digest) = (&served.model().info().version, served.model().digest());
            self.candidate_info
                .with_label_values(&[version.as_str(), digest, mode])
                .set(1);
        }
    }

    /// A candidate was called, or was to be.
    pub fn candidate_called(&self, call: CandidateCall) {
        let outcome = match call {
            CandidateCall::Answered(duration) => {
                self.candidate_latency.observe(duration.as_secs_f64());
                ANSWERED
            }
            CandidateCall::Failed(reason) => reason,
            CandidateCall::Skipped => SKIPPED,
        };
        self.candidate_calls.with_label_values(&[outcome]).inc();
    }

    /// An answer of a candidate was compared with one of the serving version.
    pub fn candidate_compared(&self, agrees: bool) {
        let outcome = if agrees { AGREE } else { DISAGREE };
        self.candidate_comparisons
            .with_label_values(&[outcome])
            .inc();
    }

    /// A trial ended.
    pub fn candidate_decided(&self, promoted: bool) {
        let outcome = if promoted { PROMOTED } else { WITHDRAWN };
        self.candidate_decisions.with_label_values(&[outcome]).inc();
    }

    /// All metrics of the model, which `served` serves, at one moment.
    #[must_use]
    pub fn gather(&self, served: &Served) -> Vec<MetricFamily> {
        let _together = self.lock();
        self.instances.set(served.model().instances().into());
        let memory = i64::try_from(served.model().memory());
        self.memory.set(memory.unwrap_or(i64::MAX));
        self.registry.gather()
    }

    fn lock(&self) -> MutexGuard<'_, Versions> {
        self.together.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const OVERLOAD: &str = "overload";
const SWAPPED: &str = "swapped";
const REJECTED: &str = "rejected";
const ANSWERED: &str = "answered";
const SKIPPED: &str = "skipped";
const AGREE: &str = "agree";
const DISAGREE: &str = "disagree";
const PROMOTED: &str = "promoted";
const WITHDRAWN: &str = "withdrawn";

fn latencies(name: &str, help: &str) -> Result<Histogram, prometheus::Error> {
    Histogram::with_opts(HistogramOpts::new(name, help).buckets(LATENCIES.to_vec()))
}

/// Sets the score of every column, NaN where it is undefined.
fn set_scores(gauges: &GaugeVec, drift: &DatasetDrift) {
    gauges.reset();
    for column in &drift.columns {
        gauges
            .with_label_values(&[column.column.as_str(), column.method.name()])
            .set(column.score.unwrap_or(f64::NAN));
    }
}
