//! The metrics of the retrainer. Doc comments of families are their help texts.

use std::collections::HashSet;
use std::time::Duration;

use canopy_telemetry::families;
use canopy_telemetry::metrics::Declaration;
use jiff::Timestamp;
use parking_lot::Mutex;
use prometheus::{Gauge, GaugeVec, Histogram, IntCounterVec, IntGauge, Registry, TextEncoder};

use super::run::{Findings, Run, State};

/// Upper bounds of the duration histogram, in seconds.
const DURATIONS: [f64; 11] = [
    0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0,
];

/// Maximum number of alert names that get their own label value.
const NAMES: usize = 20;
/// The label value for all other alerts.
const OTHER: &str = "other";

families! {
    struct Families {
        /// Completed runs, by outcome.
        runs: IntCounterVec = "retraining_runs_total" ["outcome"],
        /// 1 while a run is in progress, otherwise 0.
        running: IntGauge = "retraining_running",
        /// Unix time when the last run ended, whatever its outcome; NaN before the first run.
        last_run: Gauge = "retraining_last_run_timestamp_seconds",
        /// Duration of runs that were not skipped.
        duration: Histogram = "retraining_duration_seconds" buckets DURATIONS,
        /// RMSE or F1 on the held-out rows of the last run that trained a challenger, by role.
        score: GaugeVec = "retraining_score" ["role"],
        /// Firing alerts received, including those that did not start a run, by name.
        alerts: IntCounterVec = "retraining_alerts_received_total" ["alertname"],
        /// Labelled rows available to the next run for training and scoring.
        observed_rows: Gauge = "retraining_observed_rows",
    }
}

/// Every family that the retrainer declares.
pub(crate) const DECLARATIONS: &[Declaration] = Families::DECLARATIONS;

/// The retrainer's metrics.
pub(crate) struct Metrics {
    registry: Registry,
    families: Families,
    names: Mutex<HashSet<String>>,
}

impl Metrics {
    /// Registers all metrics, at zero; what is not known yet is NaN.
    ///
    /// # Errors
    ///
    /// If two metrics have the same name, which is a bug in this file.
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let metrics = Self {
            families: Families::register(&registry)?,
            names: Mutex::default(),
            registry,
        };
        for outcome in State::OUTCOMES {
            metrics.families.runs.with_label_values(&[outcome.name()]);
        }
        metrics.scores(&Findings::default());
        metrics.families.last_run.set(f64::NAN);
        metrics.families.observed_rows.set(f64::NAN);
        Ok(metrics)
    }

    /// Shows what is known of the runs before a restart, newest first.
    pub(crate) fn resume(&self, runs: &[Run]) {
        if let Some(ended) = runs.first().and_then(|run| run.ended) {
            self.last_run(ended);
        }
        let mut findings = runs.iter().map(|run| &run.findings);
        if let Some(scored) = findings.find(|findings| findings.challenger_score.is_some()) {
            self.scores(scored);
        }
    }

    /// The registry, where the parts of the retrainer register their own metrics.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts a firing alert.
    pub(crate) fn alert(&self, name: &str) {
        let mut names = self.names.lock();
        let known = names.contains(name);
        let room = names.len() < NAMES && (1..=128).contains(&name.len());
        if !known && room {
            names.insert(name.to_owned());
        }
        let label = if known || room { name } else { OTHER };
        self.families.alerts.with_label_values(&[label]).inc();
    }

    /// Records the start of a run.
    pub(crate) fn began(&self) {
        self.families.running.set(1);
    }

    /// Records the end of a run.
    pub(crate) fn ended(&self, state: State, findings: &Findings, now: Timestamp, took: Duration) {
        self.families.runs.with_label_values(&[state.name()]).inc();
        if state != State::Skipped {
            self.families.duration.observe(took.as_secs_f64());
        }
        if findings.challenger_score.is_some() {
            self.scores(findings);
        }
        self.last_run(now);
        self.families.running.set(0);
    }

    fn last_run(&self, ended: Timestamp) {
        let seconds = ended.as_millisecond() as f64 / 1000.0;
        self.families.last_run.set(seconds);
    }

    /// Sets the number of usable observed rows.
    pub(crate) fn observed(&self, rows: usize) {
        self.families.observed_rows.set(rows as f64);
    }

    /// Encodes all metrics in the Prometheus text format.
    ///
    /// # Errors
    ///
    /// If a metric cannot be encoded, which is a bug in this file.
    pub(crate) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    fn scores(&self, findings: &Findings) {
        for (role, score) in [
            ("champion", findings.champion_score),
            ("challenger", findings.challenger_score),
        ] {
            let gauge = self.families.score.with_label_values(&[role]);
            gauge.set(score.unwrap_or(f64::NAN));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_alert_names_is_bounded() {
        let metrics = Metrics::new().unwrap();
        metrics.alert("");
        for number in 0..30 {
            metrics.alert(&format!("Alert{number}"));
        }
        metrics.alert("Alert0");
        let text = metrics.text().unwrap();
        let count = |name: &str| {
            let line = format!("retraining_alerts_received_total{{alertname=\"{name}\"}} ");
            text.lines()
                .find_map(|found| found.strip_prefix(&line)?.parse().ok())
        };
        assert_eq!(count("Alert0"), Some(2));
        assert_eq!(count("Alert19"), Some(1));
        assert_eq!(count("Alert20"), None);
        assert_eq!(count(OTHER), Some(11));
    }
}
