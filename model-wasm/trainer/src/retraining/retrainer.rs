//! The state of the service: starts runs and records them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use canopy_observations::list;
use canopy_resources::Budget;
use canopy_telemetry::context;
use jiff::Timestamp;
use parking_lot::{Mutex, MutexGuard};
use prometheus::Registry;
use tracing::{error, info, warn};

use super::alert::{Alert, Status};
use super::forward::{self, Forward};
use super::history::History;
use super::job::{Job, Outcome, Won};
use super::metrics::Metrics;
use super::observations::Selection;
use super::process::Process;
use super::publish::{Challenger, Publisher, Start};
use super::publish_gate::PublishGate;
use super::run::{Findings, Run, StartedBy, State, Verdict};
use super::trigger::{Decision, NotStarted, Trigger};
use crate::cli::ServeArguments;
use crate::spec::Spec;

/// Starts runs, one at a time, and records them.
pub(crate) struct Retrainer {
    arguments: ServeArguments,
    forward: Option<Forward>,
    metrics: Metrics,
    process: Arc<Process>,
    publisher: Publisher,
    gate: PublishGate,
    inner: Mutex<Inner>,
}

struct Inner {
    trigger: Trigger,
    history: History,
}

impl Retrainer {
    /// Creates a retrainer that goes on from the runs before a restart.
    ///
    /// # Errors
    ///
    /// If the specification, the URL of the host, the URL to forward to or the history of runs is not
    /// valid.
    pub(crate) fn new(arguments: ServeArguments) -> Result<Self> {
        // A host registers a model under the name in its description or that of its file.
        let file = arguments.model.file_stem();
        let names = [
            Some(Spec::load(&arguments.spec)?.name),
            file.map(|name| name.to_string_lossy().into_owned()),
        ];
        let mut names: Vec<String> = names.into_iter().flatten().collect();
        names.dedup();
        let memory = arguments.run_memory.map(|it| it.as_u64());
        let memory = memory.unwrap_or_else(|| Budget::of_system().limit());
        let publisher = Publisher::new(&arguments, &names)?;
        let history = History::open(arguments.history(), Timestamp::now())?;
        let mut trigger = Trigger::new(names, arguments.alert.clone(), arguments.cooldown.into());
        let metrics = Metrics::new()?;
        let runs = history.runs();
        trigger.resume(&runs, (Instant::now(), Timestamp::now()));
        metrics.resume(&runs);
        Ok(Self {
            forward: arguments.forward.as_deref().map(Forward::new).transpose()?,
            metrics,
            process: Arc::new(Process::new(memory, arguments.run_time.into())),
            publisher,
            gate: PublishGate::default(),
            inner: Mutex::new(Inner { trigger, history }),
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
        let conf = forward::selected(alert, &self.arguments.forward_label);
        let run = self.begin(inner, alert.into(), conf);
        (decision, Some(run.id))
    }

    /// Starts a run manually. Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// If a run is in progress or in its cooldown.
    pub(crate) fn start_manually(self: &Arc<Self>) -> Result<Run, NotStarted> {
        let mut inner = self.inner.lock();
        inner.trigger.start_manually(Instant::now())?;
        Ok(self.begin(inner, StartedBy::Hand, BTreeMap::new()))
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

    /// Updates the metric of observed rows that a run would read. Blocks while reading footers.
    pub(crate) fn count_observed(&self) {
        let count = || -> Result<usize> {
            let spec = Spec::load(&self.arguments.spec)?;
            let folder = &self.arguments.observations;
            Ok(Selection::new(folder, &spec, Timestamp::now().into())?.rows)
        };
        match count() {
            Ok(rows) => self.metrics.observed(rows),
            Err(error) => warn!(
                error = format!("{error:#}"),
                "cannot count the observed rows"
            ),
        }
    }

    /// Prevents further publications, after waiting for one in progress, and ends the training.
    pub(crate) async fn stop(&self) {
        self.gate.close().await;
        self.process.stop();
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

    /// Has a challenger trained and publishes it if it won.
    async fn retrain(&self, started: Timestamp) -> (Findings, Result<Verdict>) {
        let mut findings = Findings::default();
        let verdict = self.challenge(started, &mut findings).await;
        (findings, verdict)
    }

    async fn challenge(&self, started: Timestamp, findings: &mut Findings) -> Result<Verdict> {
        let arguments = &self.arguments;
        let champion = match self.publisher.start().await? {
            Start::Champion(champion) => champion,
            Start::Skip(reason) => return Ok(Verdict::Skipped(reason)),
        };
        let job = Job {
            spec: arguments.spec.clone(),
            champion,
            observations: arguments.observations.clone(),
            data: arguments.data_as_text(),
            threads: arguments.threads,
            margin: arguments.margin,
            started,
        };
        let (answer, component) = self.process.run(&job).await?;
        *findings = answer.findings;
        match answer.outcome {
            Outcome::Won(won) => self.publish(&won, &component, findings).await,
            Outcome::Kept(reason) => Ok(Verdict::Kept(reason)),
            Outcome::Skipped(reason) => Ok(Verdict::Skipped(reason)),
            Outcome::Failed(error) => bail!(error),
        }
    }

    /// Publishes a challenger that won, unless rows that it was trained on were removed meanwhile.
    async fn publish(
        &self,
        won: &Won,
        component: &[u8],
        findings: &mut Findings,
    ) -> Result<Verdict> {
        let there = list(&self.arguments.observations)?;
        let is_there = |id: &String| there.iter().any(|stored| stored.id == *id);
        if let Some(removed) = won.batches.iter().find(|id| !is_there(id)) {
            return Ok(Verdict::Kept(format!(
                "the observations {removed}, from which the challenger learnt, were removed; the next \
                 run does without them"
            )));
        }
        let champion = won.champion.as_ref();
        let challenger = Challenger {
            component,
            name: &won.name,
            version: findings.version.as_deref().unwrap_or_default(),
            digest: findings.digest.as_deref().unwrap_or_default(),
            champion,
        };
        let _open = self.gate.enter().await.context("the service is stopping")?;
        let (verdict, warning) = self.publisher.publish(&challenger).await?;
        findings.warnings.extend(warning);
        Ok(verdict)
    }

    fn end(&self, mut run: Run, start: Instant, findings: Findings, outcome: Result<Verdict>) {
        let now = Timestamp::now();
        run.ended = Some(now);
        (run.state, run.reason, run.error) = match outcome {
            Ok(Verdict::Published) => (State::Published, None, None),
            Ok(Verdict::Proposed(next)) => (State::Proposed, Some(next), None),
            Ok(Verdict::Written(next)) => (State::Written, Some(next), None),
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
