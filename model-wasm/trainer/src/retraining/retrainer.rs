//! The state of the service: starts runs and records them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use canopy_telemetry::context;
use jiff::Timestamp;
use parking_lot::{Mutex, MutexGuard};
use prometheus::Registry;
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use super::alert::{Alert, Status};
use super::forward::Forward;
use super::history::History;
use super::metrics::Metrics;
use super::observations::Observations;
use super::publish_gate::PublishGate;
use super::retrain::retrain;
use super::run::{Findings, Run, StartedBy, State, Verdict};
use super::trigger::{Decision, Trigger};
use crate::cli::ServeArguments;
use crate::spec::Spec;

/// Niceness of the training threads: they get about a tenth of the share of a thread of normal
/// priority.
const NICENESS: i32 = 10;

/// Starts runs, one at a time, and records them.
pub(crate) struct Retrainer {
    arguments: ServeArguments,
    forward: Option<Forward>,
    metrics: Metrics,
    gate: PublishGate,
    inner: Mutex<Inner>,
}

struct Inner {
    trigger: Trigger,
    history: History,
}

impl Retrainer {
    /// Creates a retrainer without any runs.
    ///
    /// # Errors
    ///
    /// If the specification or the URL to forward to is not valid.
    pub(crate) fn new(arguments: ServeArguments) -> Result<Self> {
        // A host registers a model under the name in its description or that of its file.
        let file = arguments.model.file_stem();
        let names = [
            Some(Spec::load(&arguments.spec)?.name),
            file.map(|name| name.to_string_lossy().into_owned()),
        ];
        let names = names.into_iter().flatten().collect();
        Ok(Self {
            forward: arguments.forward.as_deref().map(Forward::new).transpose()?,
            metrics: Metrics::new()?,
            gate: PublishGate::default(),
            inner: Mutex::new(Inner {
                trigger: Trigger::new(names, arguments.cooldown.into()),
                history: History::default(),
            }),
            arguments,
        })
    }

    /// Processes an alert. Returns the decision and, if a run was started, its id. Must be called
    /// within a tokio runtime, on which the run continues.
    pub(crate) fn receive(self: &Arc<Self>, alert: &Alert) -> (Decision, Option<u64>) {
        if alert.status == Status::Firing {
            self.metrics.alert(alert.name());
        }
        let mut inner = self.inner.lock();
        let decision = inner.trigger.decide(alert, Instant::now());
        info!(alert = alert.name(), fingerprint = %alert.fingerprint, ?decision, "alert received");
        if decision != Decision::Started {
            return (decision, None);
        }
        // Labels take precedence over annotations of the same name.
        let mut conf = alert.annotations.clone();
        conf.extend(alert.labels.clone());
        let run = self.begin(inner, alert.into(), conf);
        (decision, Some(run.id))
    }

    /// Starts a run manually; `None` if one is already in progress. Must be called within a tokio
    /// runtime.
    pub(crate) fn start_manually(self: &Arc<Self>) -> Option<Run> {
        let mut inner = self.inner.lock();
        let started = inner.trigger.start_manually();
        started.then(|| self.begin(inner, StartedBy::Hand, BTreeMap::new()))
    }

    /// The last runs, newest first.
    pub(crate) fn runs(&self) -> Vec<Run> {
        self.inner.lock().history.runs()
    }

    /// Encodes all metrics in the Prometheus text format.
    ///
    /// # Errors
    ///
    /// If a metric cannot be encoded, which is a bug in this program.
    pub(crate) fn metrics(&self) -> Result<String, prometheus::Error> {
        self.metrics.text()
    }

    /// The registry, where the parts of the retrainer register their own metrics.
    pub(crate) fn registry(&self) -> &Registry {
        self.metrics.registry()
    }

    /// Updates the metric of usable observed rows. Blocks while reading them.
    pub(crate) fn count_observed(&self) {
        let count = || -> Result<usize> {
            let spec = Spec::load(&self.arguments.spec)?;
            let folder = &self.arguments.observations;
            Ok(Observations::read(folder, &spec, Timestamp::now().into())?.rows())
        };
        match count() {
            Ok(rows) => self.metrics.observed(rows),
            Err(error) => warn!(
                error = format!("{error:#}"),
                "cannot count the observed rows"
            ),
        }
    }

    /// Prevents further publications, after waiting for one in progress.
    pub(crate) fn stop(&self) {
        self.gate.close();
        if let Some(run) = self.runs().first()
            && run.state == State::Running
        {
            warn!(run = run.id, "run abandoned");
        }
    }

    /// Begins a run that the trigger has admitted.
    fn begin(
        self: &Arc<Self>,
        mut inner: MutexGuard<'_, Inner>,
        started_by: StartedBy,
        conf: BTreeMap<String, String>,
    ) -> Run {
        let run = inner.history.begin(started_by, Timestamp::now());
        self.metrics.began();
        info!(run = run.id, "run started");
        let (this, begun) = (Arc::clone(self), run.clone());
        context::spawn(async move {
            let start = Instant::now();
            let (findings, outcome) = match &this.forward {
                Some(forward) => (Findings::default(), delegate(forward, &conf).await),
                None => this.retrain(begun.started).await,
            };
            this.end(begun, start, findings, outcome);
        });
        run
    }

    /// Trains on a separate low-priority thread; the threads that it starts inherit the priority.
    async fn retrain(self: &Arc<Self>, started: Timestamp) -> (Findings, Result<Verdict>) {
        let this = Arc::clone(self);
        let (sender, receiver) = oneshot::channel();
        let spawned = thread::Builder::new()
            .name("retraining".into())
            .spawn(move || {
                // Best effort: if this is not allowed, training has normal priority.
                let _ = rustix::process::nice(NICENESS);
                let mut findings = Findings::default();
                let work = || retrain(&this.arguments, &this.gate, started, &mut findings);
                let outcome = catch_unwind(AssertUnwindSafe(work))
                    .unwrap_or_else(|_| Err(anyhow!("the training panicked; see the log")));
                // Sending fails if the service is stopping and nobody is waiting for the result.
                let _ = sender.send((findings, outcome));
            });
        let result = match spawned {
            Ok(_) => receiver
                .await
                .context("the training thread ended without a result"),
            Err(error) => Err(error).context("cannot start the training thread"),
        };
        result.unwrap_or_else(|error| (Findings::default(), Err(error)))
    }

    fn end(&self, mut run: Run, start: Instant, findings: Findings, outcome: Result<Verdict>) {
        let now = Timestamp::now();
        run.ended = Some(now);
        (run.state, run.reason, run.error) = match outcome {
            Ok(Verdict::Published) => (State::Published, None, None),
            Ok(Verdict::Kept(reason)) => (State::Kept, Some(reason), None),
            Ok(Verdict::Skipped(reason)) => (State::Skipped, Some(reason), None),
            Err(error) => (State::Failed, None, Some(format!("{error:#}"))),
        };
        for warning in &findings.warnings {
            warn!(run = run.id, "{warning}");
        }
        match &run.error {
            Some(error) => error!(run = run.id, error, "run failed"),
            None => info!(
                run = run.id,
                outcome = run.state.name(),
                champion = findings.champion_score,
                challenger = findings.challenger_score,
                version = findings.version,
                reason = run.reason,
                "run ended"
            ),
        }
        let mut inner = self.inner.lock();
        inner.trigger.end(Instant::now());
        self.metrics
            .ended(run.state, &findings, now, start.elapsed());
        run.findings = findings;
        inner.history.update(run);
    }
}

/// Forwards the alert to the system that trains. For this service, the run counts as skipped.
async fn delegate(forward: &Forward, conf: &BTreeMap<String, String>) -> Result<Verdict> {
    let status = forward
        .send(conf)
        .await
        .context("cannot forward the alert")?;
    Ok(Verdict::Skipped(format!(
        "forwarded with --forward; the response was {status}"
    )))
}
