//! Every metric of the retrainer, declared once. The help text says what it is.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use super::run::{Findings, State};

/// Upper bounds of the duration histogram, in seconds.
const DURATIONS: [f64; 11] = [
    0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0,
];

/// Names of alerts that get a label value of their own.
const NAMES: usize = 20;
/// The label value of all other alerts.
const OTHER: &str = "other";

/// The retrainer's metrics.
pub(crate) struct Metrics {
    registry: Registry,
    runs: IntCounterVec,
    running: IntGauge,
    last_run: Gauge,
    duration: Histogram,
    score: GaugeVec,
    alerts: IntCounterVec,
    names: Mutex<HashSet<String>>,
    observed_rows: IntGauge,
}

impl Metrics {
    /// All metrics, at zero; scores are NaN until the first run.
    ///
    /// # Errors
    ///
    /// If two metrics have the same name, which is a mistake in this file.
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let metrics = Self {
            runs: keep(
                &registry,
                IntCounterVec::new(
                    Opts::new("retraining_runs_total", "Runs that ended, by outcome."),
                    &["outcome"],
                )?,
            )?,
            running: keep(
                &registry,
                IntGauge::new("retraining_running", "1 while a run is under way, else 0.")?,
            )?,
            last_run: keep(
                &registry,
                Gauge::new(
                    "retraining_last_run_timestamp_seconds",
                    "Unix time of the end of the last run, however it ended; 0 before the first.",
                )?,
            )?,
            duration: keep(
                &registry,
                Histogram::with_opts(
                    HistogramOpts::new(
                        "retraining_duration_seconds",
                        "Time from start to end of the runs that were not skipped.",
                    )
                    .buckets(DURATIONS.to_vec()),
                )?,
            )?,
            score: keep(
                &registry,
                GaugeVec::new(
                    Opts::new(
                        "retraining_score",
                        "RMSE or F1 on the held-out rows of the last run that trained.",
                    ),
                    &["role"],
                )?,
            )?,
            alerts: keep(
                &registry,
                IntCounterVec::new(
                    Opts::new(
                        "retraining_alerts_received_total",
                        "Firing alerts received, also those that started no run.",
                    ),
                    &["alertname"],
                )?,
            )?,
            names: Mutex::default(),
            observed_rows: keep(
                &registry,
                IntGauge::new(
                    "retraining_observed_rows",
                    "Labelled rows that the next run can learn from or score on.",
                )?,
            )?,
            registry,
        };
        for outcome in State::OUTCOMES {
            metrics.runs.with_label_values(&[outcome.name()]);
        }
        metrics.scores(&Findings::default());
        Ok(metrics)
    }

    /// A firing alert was received.
    pub(crate) fn alert(&self, name: &str) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known = names.contains(name);
        let room = names.len() < NAMES && (1..=128).contains(&name.len());
        if !known && room {
            names.insert(name.to_owned());
        }
        let label = if known || room { name } else { OTHER };
        self.alerts.with_label_values(&[label]).inc();
    }

    /// A run began.
    pub(crate) fn began(&self) {
        self.running.set(1);
    }

    /// A run ended.
    pub(crate) fn ended(&self, state: State, findings: &Findings, now: Timestamp, took: Duration) {
        self.runs.with_label_values(&[state.name()]).inc();
        if state != State::Skipped {
            self.duration.observe(took.as_secs_f64());
        }
        if findings.challenger_score.is_some() {
            self.scores(findings);
        }
        if let Some(rows) = findings.observed_rows {
            self.observed(rows);
        }
        self.last_run.set(now.as_millisecond() as f64 / 1000.0);
        self.running.set(0);
    }

    /// So many observed rows can be used.
    pub(crate) fn observed(&self, rows: usize) {
        self.observed_rows.set(rows as i64);
    }

    /// All metrics in the text format of Prometheus.
    ///
    /// # Errors
    ///
    /// If a metric cannot be encoded, which is a mistake in this file.
    pub(crate) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    fn scores(&self, findings: &Findings) {
        for (role, score) in [
            ("champion", findings.champion_score),
            ("challenger", findings.challenger_score),
        ] {
            let gauge = self.score.with_label_values(&[role]);
            gauge.set(score.unwrap_or(f64::NAN));
        }
    }
}

fn keep<C: Collector + Clone + 'static>(
    registry: &Registry,
    metric: C,
) -> Result<C, prometheus::Error> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_alerts_are_bounded() {
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
