//! The metrics of one model, through all of its versions.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use canopy_drift::DatasetDrift;
use canopy_runtime::CallError;
use canopy_telemetry::families;
use canopy_telemetry::metrics::Declaration;
use parking_lot::{Mutex, MutexGuard};
use prometheus::core::{Collector as _, Metric as _};
use prometheus::proto::MetricFamily;
use prometheus::{
    Gauge, GaugeVec, Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry,
};

use super::latency::Latencies;
use crate::loaded_model::LoadedModel;
use crate::monitoring::{Evaluation, Scores};

/// Upper bounds of the inference histogram, in seconds: 1 µs to 1 s.
const LATENCIES: [f64; 16] = [
    1e-6, 2e-6, 5e-6, 10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 5e-3, 10e-3, 50e-3, 0.1,
    0.5, 1.0,
];

/// Most versions of a model that have a counter of their own.
const MOST_VERSIONS: usize = 10;

families! {
    /// Families of one model.
    struct Families {
        /// Time of the model's call alone.
        inference_latency: Histogram = "inference_latency_seconds" buckets LATENCIES,
        /// Prediction requests answered by the model, by its version.
        predictions: IntCounterVec = "prediction_requests_total" ["model_version"],
        /// Rows predicted for clients.
        predicted_rows: IntCounter = "predicted_rows_total",
        /// Root mean squared error, last evaluation.
        rmse: Gauge = "model_rmse_score",
        /// Mean absolute error, last evaluation.
        mae: Gauge = "model_mae_score",
        /// Coefficient of determination, last evaluation.
        r2: Gauge = "model_r2_score",
        /// Mean absolute error in per cent of the target, last evaluation.
        mape: Gauge = "model_mape_score",
        /// Accuracy, last evaluation.
        accuracy: Gauge = "prediction_accuracy_score",
        /// Precision, last evaluation.
        precision: Gauge = "prediction_precision_score",
        /// Recall, last evaluation.
        recall: Gauge = "prediction_recall_score",
        /// F1 score, last evaluation.
        f1: Gauge = "prediction_f1_score",
        /// Area under the ROC curve, last evaluation.
        roc_auc: Gauge = "prediction_roc_auc_score",
        /// 1 if the last evaluation found the data drifted, else 0.
        drift_detected: IntGauge = "evidently_data_drift_detected_status",
        /// Share of the columns that drifted, last evaluation.
        drift_share: Gauge = "data_drift_share",
        /// Drift score of a column by the method that applied, last evaluation.
        drift_score: GaugeVec = "data_drift_score" ["column", "method"],
        /// Threshold of a column's drift score by the method that applied, last evaluation.
        drift_threshold: GaugeVec = "data_drift_threshold" ["column", "method"],
        /// Prediction requests with a feature out of range: outside the training range or more
        /// than three standard deviations from its mean.
        out_of_range_requests: IntCounter = "data_drift_requests_total",
        /// Share of rows with a feature out of range in the sliding window of predicted rows.
        out_of_range_ratio: Gauge = "data_drift_ratio",
        /// Drift score of a column over the sliding window of predicted rows.
        live_score: GaugeVec = "live_data_drift_score" ["column", "method"],
        /// Share of the columns that drifted in the sliding window of predicted rows.
        live_share: Gauge = "live_data_drift_share",
        /// Labelled rows evaluated.
        evaluated_rows: IntCounter = "evaluated_rows_total",
        /// Unix time of the last successful evaluation.
        last_evaluation: Gauge = "last_evaluation_timestamp_seconds",
        /// Labelled rows kept for a retraining.
        observed_rows: IntCounter = "observed_rows_total",
        /// Evaluations whose rows could not be kept.
        failed_observations: IntCounter = "observations_failed_total",
        /// 1 for the model that serves, 0 for the one before.
        model_info: IntGaugeVec = "model_info" ["name", "version", "digest"],
        /// 1 while the file that the model comes from is gone, else 0.
        file_missing: IntGauge = "model_file_missing",
        /// Attempts to replace the serving model, by outcome.
        swaps: IntCounterVec = "model_swaps_total" ["outcome"],
        /// Calls of the model that gave no answer, by reason.
        failed_calls: IntCounterVec = "model_calls_failed_total" ["reason"],
        /// Instances of the serving model's component.
        instances: IntGauge = "model_instances",
        /// Linear memory of these instances.
        memory: IntGauge = "model_memory_bytes",
        /// 1 for the candidate on trial.
        candidate_info: IntGaugeVec = "model_candidate_info" ["version", "digest", "mode"],
        /// Calls of candidates on trial, by outcome: answered, skipped, or why there was no
        /// answer.
        candidate_calls: IntCounterVec = "model_candidate_calls_total" ["outcome"],
        /// Answers of candidates compared with those of the serving version, by outcome.
        candidate_comparisons: IntCounterVec = "model_candidate_comparisons_total" ["outcome"],
        /// Time of the candidate's call alone.
        candidate_latency: Histogram = "model_candidate_latency_seconds" buckets LATENCIES,
        /// Trials that ended, by outcome.
        candidate_decisions: IntCounterVec = "model_candidate_decisions_total" ["outcome"],
    }
}

/// The metrics of one model. All have the label `model`.
pub struct ModelMetrics {
    registry: Registry,
    /// Held while several gauges change together, and while all are read: no scrape sees half
    /// an evaluation.
    together: Mutex<Versions>,
    families: Families,
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
    /// All families; each has the label `model` besides its own.
    pub const DECLARATIONS: &'static [Declaration] = Families::DECLARATIONS;

    /// All metrics, at zero; scores are NaN until the first evaluation.
    ///
    /// # Errors
    ///
    /// If the name of the model cannot be a label.
    pub fn new(name: &str) -> Result<Self, prometheus::Error> {
        let labels = HashMap::from([("model".to_owned(), name.to_owned())]);
        let registry = Registry::new_custom(None, Some(labels))?;
        let families = Families::register(&registry)?;
        for gauge in families.scores() {
            gauge.set(f64::NAN);
        }
        families.live_share.set(f64::NAN);
        for (counter, values) in [
            (&families.failed_calls, &CallError::REASONS[..]),
            (&families.swaps, &[SWAPPED, REJECTED]),
            (&families.candidate_calls, &[ANSWERED, SKIPPED]),
            (&families.candidate_calls, &CallError::REASONS[..]),
            (&families.candidate_comparisons, &[AGREE, DISAGREE]),
            (&families.candidate_decisions, &[PROMOTED, WITHDRAWN]),
        ] {
            for value in values {
                counter.with_label_values(&[value]);
            }
        }
        Ok(Self {
            registry,
            together: Mutex::default(),
            families,
        })
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
                let _ = self
                    .families
                    .predictions
                    .remove_label_values(&[oldest.as_str()]);
            }
        }
        self.families.predictions.with_label_values(&[version])
    }

    /// The model answered a prediction request of some rows; `out_of_range` says whether one of them
    /// has an out_of_range value.
    pub fn predicted(&self, rows: usize, out_of_range: bool) {
        self.families.predicted_rows.inc_by(rows as u64);
        self.families
            .out_of_range_requests
            .inc_by(u64::from(out_of_range));
    }

    /// A row of `/predict` joined the sliding window, of which `ratio` is the share of rows with
    /// an out_of_range value.
    pub fn watched(&self, ratio: f64) {
        self.families.out_of_range_ratio.set(ratio);
    }

    /// Prediction requests that all versions with a counter of their own answered.
    #[must_use]
    pub fn requests(&self) -> f64 {
        let families = self.families.predictions.collect();
        let metrics = families.iter().flat_map(MetricFamily::get_metric);
        metrics.map(|metric| metric.get_counter().get_value()).sum()
    }

    /// How long the model's calls took.
    #[must_use]
    pub fn calls(&self) -> Latencies {
        let mut latencies = Latencies::new(&LATENCIES);
        latencies.add(self.families.inference_latency.metric().get_histogram());
        latencies
    }

    /// The model's call took this long.
    pub fn called(&self, duration: Duration) {
        self.families
            .inference_latency
            .observe(duration.as_secs_f64());
    }

    /// The model's call gave no answer.
    pub fn call_failed(&self, error: &CallError) {
        self.families
            .failed_calls
            .with_label_values(&[error.reason()])
            .inc();
    }

    /// A request was refused because the host has more to do than it can.
    pub fn overloaded(&self) {
        self.families
            .failed_calls
            .with_label_values(&[OVERLOAD])
            .inc();
    }

    /// An evaluation succeeded. All its gauges change together.
    pub fn evaluated(&self, evaluation: &Evaluation) {
        let _together = self.lock();
        let families = &self.families;
        match &evaluation.scores {
            Scores::Regression(scores) => {
                families.rmse.set(scores.rmse);
                families.mae.set(scores.mae);
                families.r2.set(scores.r2.unwrap_or(f64::NAN));
                families.mape.set(scores.mape.unwrap_or(f64::NAN));
            }
            Scores::Classification(scores) => {
                families.accuracy.set(scores.accuracy);
                families.precision.set(scores.precision);
                families.recall.set(scores.recall);
                families.f1.set(scores.f1);
                families.roc_auc.set(scores.roc_auc.unwrap_or(f64::NAN));
            }
        }
        self.families
            .drift_detected
            .set(evaluation.drift.drifted.into());
        self.families.drift_share.set(evaluation.drift.share);
        set_scores(&self.families.drift_score, &evaluation.drift);
        self.families.drift_threshold.reset();
        for column in &evaluation.drift.columns {
            self.families
                .drift_threshold
                .with_label_values(&[column.column.as_str(), column.method.name()])
                .set(column.threshold);
        }
        self.families.evaluated_rows.inc_by(evaluation.items as u64);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        self.families
            .last_evaluation
            .set(now.map_or(0.0, |now| now.as_secs_f64()));
    }

    /// Labelled rows were kept.
    pub fn observed(&self, rows: usize) {
        self.families.observed_rows.inc_by(rows as u64);
    }

    /// Labelled rows could not be kept.
    pub fn observation_failed(&self) {
        self.families.failed_observations.inc();
    }

    /// The drift of the sliding window was computed; it counts only if `is_current` says that
    /// the window's model still serves.
    pub fn live_drift(&self, drift: &DatasetDrift, is_current: impl FnOnce() -> bool) {
        let _together = self.lock();
        if is_current() {
            self.families.live_share.set(drift.share);
            set_scores(&self.families.live_score, drift);
        }
    }

    /// `loaded` serves from now on, in place of `previous`: does the `switch` so that no scrape
    /// sees metrics of one model with another one serving.
    pub fn serves(
        &self,
        loaded: &LoadedModel,
        previous: Option<&LoadedModel>,
        switch: impl FnOnce(),
    ) {
        let mut versions = self.lock();
        self.families.model_info.reset();
        for (loaded, value) in previous
            .map(|previous| (previous, 0))
            .into_iter()
            .chain([(loaded, 1)])
        {
            let (info, digest) = (loaded.model().info(), loaded.model().digest().to_string());
            self.families
                .model_info
                .with_label_values(&[info.name.as_str(), &info.version, &digest])
                .set(value);
        }
        versions.serving.clone_from(&loaded.model().info().version);
        self.families.live_score.reset();
        self.families.live_share.set(f64::NAN);
        self.families.out_of_range_ratio.set(0.0);
        switch();
    }

    /// The file that the model comes from is gone, or there again.
    pub fn file_missing(&self, missing: bool) {
        self.families.file_missing.set(missing.into());
    }

    /// An attempt to replace the serving model ended.
    pub fn swap_attempted(&self, swapped: bool) {
        let outcome = if swapped { SWAPPED } else { REJECTED };
        self.families.swaps.with_label_values(&[outcome]).inc();
    }

    /// A candidate with this version and digest goes on trial, or none is any more.
    pub fn trial(&self, candidate: Option<(&LoadedModel, &str)>) {
        self.families.candidate_info.reset();
        if let Some((loaded, mode)) = candidate {
            let (version, digest) = (
                &loaded.model().info().version,
                loaded.model().digest().to_string(),
            );
            self.families
                .candidate_info
                .with_label_values(&[version.as_str(), &digest, mode])
                .set(1);
        }
    }

    /// A candidate was called, or was to be.
    pub fn candidate_called(&self, call: CandidateCall) {
        let outcome = match call {
            CandidateCall::Answered(duration) => {
                self.families
                    .candidate_latency
                    .observe(duration.as_secs_f64());
                ANSWERED
            }
            CandidateCall::Failed(reason) => reason,
            CandidateCall::Skipped => SKIPPED,
        };
        self.families
            .candidate_calls
            .with_label_values(&[outcome])
            .inc();
    }

    /// An answer of a candidate was compared with one of the serving version.
    pub fn candidate_compared(&self, agrees: bool) {
        let outcome = if agrees { AGREE } else { DISAGREE };
        self.families
            .candidate_comparisons
            .with_label_values(&[outcome])
            .inc();
    }

    /// A trial ended.
    pub fn candidate_decided(&self, promoted: bool) {
        let outcome = if promoted { PROMOTED } else { WITHDRAWN };
        self.families
            .candidate_decisions
            .with_label_values(&[outcome])
            .inc();
    }

    /// All metrics of the model, which `loaded` serves, at one moment.
    #[must_use]
    pub fn gather(&self, loaded: &LoadedModel) -> Vec<MetricFamily> {
        let _together = self.lock();
        self.families
            .instances
            .set(loaded.model().instances().into());
        let memory = i64::try_from(loaded.model().memory());
        self.families.memory.set(memory.unwrap_or(i64::MAX));
        self.registry.gather()
    }

    fn lock(&self) -> MutexGuard<'_, Versions> {
        self.together.lock()
    }
}

impl Families {
    /// The gauges of scores, of which a model has one or the other part.
    fn scores(&self) -> [&Gauge; 9] {
        [
            &self.rmse,
            &self.mae,
            &self.r2,
            &self.mape,
            &self.accuracy,
            &self.precision,
            &self.recall,
            &self.f1,
            &self.roc_auc,
        ]
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

/// Sets the score of every column, NaN where it is undefined.
fn set_scores(gauges: &GaugeVec, drift: &DatasetDrift) {
    gauges.reset();
    for column in &drift.columns {
        gauges
            .with_label_values(&[column.column.as_str(), column.method.name()])
            .set(column.score.unwrap_or(f64::NAN));
    }
}
