//! The state of the service: what is under way, what was, and who starts a run.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use jiff::Timestamp;
use parking_lot::{Mutex, MutexGuard};
use prometheus::Registry;
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use super::alert::{Alert, Status};
use super::forward::Forward;
use super::gate::Gate;
use super::history::History;
use super::ledger::{Decision, Ledger};
use super::metrics::Metrics;
use super::observations::Observations;
use super::round::retrain;
use super::run::{Findings, Run, State, Trigger, Verdict};
use crate::cli::ServeArguments;
use crate::spec::Spec;

/// Niceness of the threads that train: a tenth of the weight of a normal thread.
const NICENESS: i32 = 10;

/// Starts runs, one at a time, and remembers them.
pub(crate) struct Retrainer {
    arguments: ServeArguments,
    forward: Option<Forward>,
    metrics: Metrics,
    gate: Gate,
    desk: Mutex<Desk>,
}

struct Desk {
    ledger: Ledger,
    history: History,
}

impl Retrainer {
    /// A retrainer without any runs.
    ///
    /// # Errors
    ///
    /// If the specification or the address to forward to cannot be used.
    pub(crate) fn new(arguments: ServeArguments) -> Result<Self> {
        // A host calls the model what the component says, or what its file is called.
        let file = arguments.model.file_stem();
        let names = [
            Some(Spec::load(&arguments.spec)?.name),
            file.map(|name| name.to_string_lossy().into_owned()),
        ];
        let names = names.into_iter().flatten().collect();
        Ok(Self {
            forward: arguments.forward.as_deref().map(Forward::new).transpose()?,
            metrics: Metrics::new()?,
            gate: Gate::default(),
            desk: Mutex::new(Desk {
                ledger: Ledger::new(names, arguments.cooldown.into()),
                history: History::default(),
            }),
            arguments,
        })
    }

    /// Takes an alert: what was decided, and the number of the run it started. Must be called
    /// within a tokio runtime, where the run goes on.
    pub(crate) fn receive(self: &Arc<Self>, alert: &Alert) -> (Decision, Option<u64>) {
        if alert.status == Status::Firing {
            self.metrics.alert(alert.name());
        }
        let mut desk = self.desk();
        let decision = desk.ledger.decide(alert, Instant::now());
        info!(alert = alert.name(), fingerprint = %alert.fingerprint, ?decision, "alert received");
        if decision != Decision::Started {
            return (decision, None);
        }
        // Labels identify the alert: an annotation does not replace one.
        let mut conf = alert.annotations.clone();
        conf.extend(alert.labels.clone());
        let run = self.begin(desk, alert.into(), conf);
        (decision, Some(run.id))
    }

    /// Starts a run without an alert; `None` if one is under way. Must be called within a tokio
    /// runtime.
    pub(crate) fn start_by_hand(self: &Arc<Self>) -> Option<Run> {
        let mut desk = self.desk();
        let started = desk.ledger.start_by_hand();
        started.then(|| self.begin(desk, Trigger::Hand, BTreeMap::new()))
    }

    /// The last runs, the newest first.
    pub(crate) fn runs(&self) -> Vec<Run> {
        self.desk().history.runs()
    }

    /// All metrics in the text format of Prometheus.
    ///
    /// # Errors
    ///
    /// If a metric cannot be encoded, which is a mistake in this program.
    pub(crate) fn metrics(&self) -> Result<String, prometheus::Error> {
        self.metrics.text()
    }

    /// Where the parts of the retrainer register their metrics.
    pub(crate) fn registry(&self) -> &Registry {
        self.metrics.registry()
    }

    /// Counts the observed rows that can be used. Blocks while it reads them.
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
                "observed rows cannot be counted"
            ),
        }
    }

    /// From now on nothing is published; returns once nothing is being published.
    pub(crate) fn stop(&self) {
        self.gate.close();
        if let Some(run) = self.runs().first()
            && run.state == State::Running
        {
            warn!(run = run.id, "run abandoned");
        }
    }

    /// Begins a run that the ledger knows of already.
    fn begin(
        self: &Arc<Self>,
        mut desk: MutexGuard<'_, Desk>,
        trigger: Trigger,
        conf: BTreeMap<String, String>,
    ) -> Run {
        let run = desk.history.begin(trigger, Timestamp::now());
        self.metrics.began();
        info!(run = run.id, "run started");
        let (this, begun) = (Arc::clone(self), run.clone());
        tokio::spawn(async move {
            let start = Instant::now();
            let (findings, outcome) = match &this.forward {
                Some(forward) => (Findings::default(), hand_over(forward, &conf).await),
                None => this.retrain(begun.started).await,
            };
            this.end(begun, start, findings, outcome);
        });
        run
    }

    /// Trains on a thread of its own, of low priority, as are all that it starts.
    async fn retrain(self: &Arc<Self>, started: Timestamp) -> (Findings, Result<Verdict>) {
        let this = Arc::clone(self);
        let (sender, receiver) = oneshot::channel();
        let spawned = thread::Builder::new()
            .name("retraining".into())
            .spawn(move || {
                // Where this is not allowed, training has normal priority.
                let _ = rustix::process::nice(NICENESS);
                let mut findings = Findings::default();
                let work = || retrain(&this.arguments, &this.gate, started, &mut findings);
                let outcome = catch_unwind(AssertUnwindSafe(work))
                    .unwrap_or_else(|_| Err(anyhow!("the training panicked, see the log")));
                // Nobody listens any more when the service stops.
                let _ = sender.send((findings, outcome));
            });
        let result = match spawned {
            Ok(_) => receiver.await.context("the training ended without a word"),
            Err(error) => Err(error).context("no thread to train on"),
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
        let mut desk = self.desk();
        desk.ledger.end(Instant::now());
        self.metrics
            .ended(run.state, &findings, now, start.elapsed());
        run.findings = findings;
        desk.history.update(run);
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock()
    }
}

/// Has something else train: for this service the run is skipped.
async fn hand_over(forward: &Forward, conf: &BTreeMap<String, String>) -> Result<Verdict> {
    let status = forward.send(conf).await.context("not forwarded")?;
    Ok(Verdict::Skipped(format!(
        "handed over with --forward, which answered {status}"
    )))
}
