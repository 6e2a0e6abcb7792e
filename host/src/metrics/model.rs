//! The metrics of one model, across all of its versions.

mod quality;

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
use crate::monitoring::Report;

/// Upper bounds of the inference histogram, in seconds: 1 µs to 1 s.
const LATENCIES: [f64; 16] = [
    1e-6, 2e-6, 5e-6, 10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 5e-3, 10e-3, 50e-3, 0.1,
    0.5, 1.0,
];

/// Maximum number of versions per model with a counter of their own.
const MAX_VERSIONS: usize = 10;

families! {
    /// The metric families of one model.
    struct Families {
        /// Duration of the model call alone.
        inference_latency: Histogram = "inference_latency_seconds" buckets LATENCIES,
        /// Prediction requests answered, by model version.
        predictions: IntCounterVec = "prediction_requests_total" ["model_version"],
        /// Rows predicted in response to requests.
        predicted_rows: IntCounter = "predicted_rows_total",
        /// Root mean squared error in the last evaluation.
        rmse: Gauge = "model_rmse_score",
        /// Mean absolute error in the last evaluation.
        mae: Gauge = "model_mae_score",
        /// Coefficient of determination (R²) in the last evaluation.
        r2: Gauge = "model_r2_score",
        /// Mean absolute percentage error in the last evaluation.
        mape: Gauge = "model_mape_score",
        /// Accuracy in the last evaluation.
        accuracy: Gauge = "prediction_accuracy_score",
        /// Precision in the last evaluation.
        precision: Gauge = "prediction_precision_score",
        /// Recall in the last evaluation.
        recall: Gauge = "prediction_recall_score",
        /// F1 score in the last evaluation.
        f1: Gauge = "prediction_f1_score",
        /// Area under the ROC curve in the last evaluation.
        roc_auc: Gauge = "prediction_roc_auc_score",
        /// 1 if the last evaluation detected data drift, otherwise 0.
        drift_detected: Gauge = "evidently_data_drift_detected_status",
        /// Share of columns that drifted in the last evaluation.
        drift_share: Gauge = "data_drift_share",
        /// Drift score of a column in the last evaluation, with the drift method used.
        drift_score: GaugeVec = "data_drift_score" ["column", "method"],
        /// Threshold of a column's drift score in the last evaluation, with the drift method used.
        drift_threshold: GaugeVec = "data_drift_threshold" ["column", "method"],
        /// Prediction requests with a feature out of range: outside the training range, or more
        /// than three standard deviations from the training mean.
        out_of_range_requests: IntCounter = "data_drift_requests_total",
        /// Share of rows with a feature out of range in the sliding window of predicted rows.
        out_of_range_ratio: Gauge = "data_drift_ratio",
        /// Drift score of a column over the sliding window of predicted rows.
        live_score: GaugeVec = "live_data_drift_score" ["column", "method"],
        /// Share of columns that drifted in the sliding window of predicted rows.
        live_share: Gauge = "live_data_drift_share",
        /// Rows of the last evaluation that set the gauges of quality and drift.
        counted_rows: Gauge = "model_evaluated_rows",
        /// Labelled rows evaluated.
        evaluated_rows: IntCounter = "evaluated_rows_total",
        /// Unix time of the last evaluation that set the gauges of quality and drift.
        last_evaluation: Gauge = "last_evaluation_timestamp_seconds",
        /// Evaluations that are not on disk because they could not be written.
        unsaved_evaluations: IntCounter = "evaluations_unsaved_total",
        /// Labelled rows stored for retraining.
        observed_rows: IntCounter = "observed_rows_total",
        /// Evaluations whose rows could not be stored.
        failed_observations: IntCounter = "observations_failed_total",
        /// 1 for the serving version, 0 for the previous one.
        model_info: IntGaugeVec = "model_info" ["name", "version", "digest"],
        /// 1 while the model's file is missing, otherwise 0.
        file_missing: IntGauge = "model_file_missing",
        /// Copies of the index of the model's versions that were damaged when it was opened.
        index_damaged: IntGauge = "model_index_damaged",
        /// Components in the folder of the model's versions that their index does not know.
        unknown_components: IntGauge = "model_unknown_components",
        /// Attempts to replace the serving version, by outcome.
        swaps: IntCounterVec = "model_swaps_total" ["outcome"],
        /// Failed calls of the model, by reason.
        failed_calls: IntCounterVec = "model_calls_failed_total" ["reason"],
        /// Component instances of the serving version.
        instances: IntGauge = "model_instances",
        /// Linear memory of the serving version's instances.
        memory: IntGauge = "model_memory_bytes",
        /// 1 for the candidate on trial.
        candidate_info: IntGaugeVec = "model_candidate_info" ["version", "digest", "mode"],
        /// Calls of candidates on trial, by outcome: answered, skipped, or the reason of the
        /// failure.
        candidate_calls: IntCounterVec = "model_candidate_calls_total" ["outcome"],
        /// Comparisons of predictions by candidates and serving versions, by outcome.
        candidate_comparisons: IntCounterVec = "model_candidate_comparisons_total" ["outcome"],
        /// Duration of the candidate call alone.
        candidate_latency: Histogram = "model_candidate_latency_seconds" buckets LATENCIES,
        /// Completed trials, by outcome.
        candidate_decisions: IntCounterVec = "model_candidate_decisions_total" ["outcome"],
    }
}

/// The metrics of one model, all with the label `model`.
pub struct ModelMetrics {
    registry: Registry,
    /// Locked while several gauges are updated together and while all are read, so that no scrape
    /// sees a partial evaluation.
    versions: Mutex<Versions>,
    families: Families,
}

/// The versions with a counter of their own.
#[derive(Default)]
struct Versions {
    /// The serving version.
    serving: String,
    /// All of them, oldest first.
    known: VecDeque<String>,
}

/// The outcome of a call of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidateCall {
    /// It succeeded; holds the duration.
    Answered(Duration),
    /// It failed although the serving version succeeded; holds the reason.
    Failed(&'static str),
    /// It was skipped because the host was busy.
    Skipped,
}

impl ModelMetrics {
    /// All metric families; each has the label `model` in addition to its own.
    pub const DECLARATIONS: &'static [Declaration] = Families::DECLARATIONS;

    /// Creates all metrics, at zero; what is not known yet is NaN.
    ///
    /// # Errors
    ///
    /// If the name of the model is not valid as a label.
    pub fn new(name: &str) -> Result<Self, prometheus::Error> {
        let labels = HashMap::from([("model".to_owned(), name.to_owned())]);
        let registry = Registry::new_custom(None, Some(labels))?;
        let families = Families::register(&registry)?;
        for gauge in families
            .of_evaluations()
            .into_iter()
            .chain(families.of_window())
        {
            gauge.set(f64::NAN);
        }
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
            versions: Mutex::default(),
            families,
        })
    }

    /// The counter of prediction requests that a version answered. At most [`MAX_VERSIONS`]
    /// versions have one; beyond that, the oldest version that is not serving loses its counter.
    #[must_use]
    pub fn predictions(&self, version: &str) -> IntCounter {
        let mut versions = self.lock();
        versions.known.retain(|known| known != version);
        versions.known.push_back(version.to_owned());
        if versions.known.len() > MAX_VERSIONS {
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

    /// Counts a prediction request with `rows` rows; `out_of_range` says whether any value in them
    /// is out of range.
    pub fn predicted(&self, rows: usize, out_of_range: bool) {
        self.families.predicted_rows.inc_by(rows as u64);
        self.families
            .out_of_range_requests
            .inc_by(u64::from(out_of_range));
    }

    /// Sets the share of rows in the live window with a value out of range.
    pub fn watched(&self, ratio: f64) {
        self.families.out_of_range_ratio.set(ratio);
    }

    /// Total of the versions' counters of prediction requests.
    #[must_use]
    pub fn requests(&self) -> f64 {
        let families = self.families.predictions.collect();
        let metrics = families.iter().flat_map(MetricFamily::get_metric);
        metrics.map(|metric| metric.get_counter().get_value()).sum()
    }

    /// The durations of the model's calls.
    #[must_use]
    pub fn calls(&self) -> Latencies {
        let mut latencies = Latencies::new(&LATENCIES);
        latencies.add(self.families.inference_latency.metric().get_histogram());
        latencies
    }

    /// Records the duration of a successful call.
    pub fn called(&self, duration: Duration) {
        self.families
            .inference_latency
            .observe(duration.as_secs_f64());
    }

    /// Counts a failed call.
    pub fn call_failed(&self, error: &CallError) {
        self.families
            .failed_calls
            .with_label_values(&[error.reason()])
            .inc();
    }

    /// Counts a request refused because the host is overloaded.
    pub fn overloaded(&self) {
        self.families
            .failed_calls
            .with_label_values(&[OVERLOAD])
            .inc();
    }

    /// Counts a successful evaluation of `rows` rows. Sets its gauges, all together, if it counts and
    /// `is_current` confirms that the evaluated version is still serving.
    pub fn evaluated(&self, report: &Report, rows: usize, is_current: impl FnOnce() -> bool) {
        let _consistent = self.lock();
        self.families.evaluated_rows.inc_by(rows as u64);
        if report.head.counted && is_current() {
            self.families.show(Some(report));
        }
    }

    /// Counts an evaluation that could not be written to disk.
    pub fn evaluation_unsaved(&self) {
        self.families.unsaved_evaluations.inc();
    }

    /// Counts labelled rows that were stored.
    pub fn observed(&self, rows: usize) {
        self.families.observed_rows.inc_by(rows as u64);
    }

    /// Counts an evaluation whose rows could not be stored.
    pub fn observation_failed(&self) {
        self.families.failed_observations.inc();
    }

    /// Sets the drift of the live window, if `is_current` confirms that the window's version is
    /// still serving.
    pub fn live_drift(&self, drift: &DatasetDrift, is_current: impl FnOnce() -> bool) {
        let _consistent = self.lock();
        if is_current() {
            self.families.live_share.set(drift.share);
            self.families.live_score.reset();
            for column in &drift.columns {
                let labels = [column.column.as_str(), column.method.name()];
                let score = self.families.live_score.with_label_values(&labels);
                score.set(column.score.unwrap_or(f64::NAN));
            }
        }
    }

    /// Replaces `previous` with `loaded` as the serving version; `last` is the report of its last
    /// evaluation. Performs the `switch` under the lock, so that no scrape sees the metrics of one
    /// version while another is serving.
    pub fn serves(
        &self,
        loaded: &LoadedModel,
        previous: Option<&LoadedModel>,
        last: Option<&Report>,
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
        self.families.show(last);
        self.families.live_score.reset();
        for gauge in self.families.of_window() {
            gauge.set(f64::NAN);
        }
        switch();
    }

    /// Sets whether the model's file is missing.
    pub fn file_missing(&self, missing: bool) {
        self.families.file_missing.set(missing.into());
    }

    /// Sets what was wrong with the model's versions on disk when they were opened.
    pub fn flaws(&self, damaged: usize, unknown: usize) {
        self.families.index_damaged.set(damaged as i64);
        self.families.unknown_components.set(unknown as i64);
    }

    /// Counts an attempt to replace the serving version.
    pub fn swap_attempted(&self, swapped: bool) {
        let outcome = if swapped { SWAPPED } else { REJECTED };
        self.families.swaps.with_label_values(&[outcome]).inc();
    }

    /// Sets the candidate on trial and the mode of its trial, or that there is none.
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

    /// Records a call of a candidate.
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

    /// Counts a comparison of a candidate with the serving version.
    pub fn candidate_compared(&self, agrees: bool) {
        let outcome = if agrees { AGREE } else { DISAGREE };
        self.families
            .candidate_comparisons
            .with_label_values(&[outcome])
            .inc();
    }

    /// Counts the end of a trial.
    pub fn candidate_decided(&self, promoted: bool) {
        let outcome = if promoted { PROMOTED } else { WITHDRAWN };
        self.families
            .candidate_decisions
            .with_label_values(&[outcome])
            .inc();
    }

    /// Collects a consistent snapshot of all metrics; `loaded` is the serving version.
    #[must_use]
    pub fn gather(&self, loaded: &LoadedModel) -> Vec<MetricFamily> {
        let _consistent = self.lock();
        self.families
            .instances
            .set(loaded.model().instances().into());
        let memory = i64::try_from(loaded.model().memory());
        self.families.memory.set(memory.unwrap_or(i64::MAX));
        self.registry.gather()
    }

    fn lock(&self) -> MutexGuard<'_, Versions> {
        self.versions.lock()
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
