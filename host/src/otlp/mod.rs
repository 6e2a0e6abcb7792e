//! Spans of requests for an OpenTelemetry collector.
//!
//! A request that is traced has a [`Traced`], which [`current`] finds wherever the request is
//! worked on. Spans wait in a bounded queue for a task that sends them in batches (OTLP 1.x over
//! HTTP, in protobuf); what finds no room there, or the collector does not take, is counted and
//! forgotten.

mod client;
mod message;
mod span;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{info, warn};

pub(crate) use span::{Exchange, Parent, Traced, call, current, within};

use crate::config::{Endpoint, TraceConfig};
use crate::metrics::{Metrics, SpanOutcome};
use client::Client;
use span::Span;

/// Most spans that wait to be sent.
const QUEUE: usize = 8192;
/// Most spans that are sent at a time.
const BATCH: usize = 512;
/// Longest time that a span waits, if the collector keeps up.
const PERIOD: Duration = Duration::from_secs(1);
/// Longest time that the collector may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest time to send what is left at the end.
const LAST: Duration = Duration::from_secs(3);

/// Who notes spans.
pub struct Tracer {
    queue: mpsc::Sender<Span>,
    sample_ratio: f64,
    metrics: Arc<Metrics>,
    signals: Arc<Signals>,
    exporter: Mutex<Option<JoinHandle<()>>>,
}

/// What the task that sends spans waits for besides time.
#[derive(Default)]
struct Signals {
    /// The queue is half full.
    crowded: Notify,
    /// There will be no more spans.
    stop: Notify,
}

impl Tracer {
    /// The tracer that the configuration asks for, if it asks for one. Needs tokio's runtime.
    pub(crate) fn start(config: &TraceConfig, metrics: &Arc<Metrics>) -> Option<Arc<Self>> {
        let endpoint = config.endpoint.clone()?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        let signals = Arc::new(Signals::default());
        let exporter = Exporter {
            queue: receiver,
            client: Client::new(&endpoint),
            endpoint,
            metrics: Arc::clone(metrics),
            is_failing: false,
        };
        let exporter = tokio::spawn(exporter.run(Arc::clone(&signals)));
        Some(Arc::new(Self {
            queue: sender,
            sample_ratio: config.sample_ratio,
            metrics: Arc::clone(metrics),
            signals,
            exporter: Mutex::new(Some(exporter)),
        }))
    }

    /// Begins the span of a request, if it is one of those that are traced: whoever sent it has
    /// decided that, or chance does.
    pub(crate) fn begin(self: &Arc<Self>, parent: Option<Parent>) -> Option<Traced> {
        let is_sampled = match &parent {
            Some(parent) => parent.is_sampled,
            None => fastrand::f64() < self.sample_ratio,
        };
        is_sampled.then(|| Traced::new(Arc::clone(self), parent))
    }

    fn note(&self, span: Span) {
        if self.queue.try_send(span).is_err() {
            self.metrics.spans(SpanOutcome::Dropped, 1);
        }
        if self.queue.capacity() < QUEUE / 2 {
            self.signals.crowded.notify_one();
        }
    }

    /// Sends what is left.
    pub(crate) async fn stop(&self) {
        let exporter = self.exporter.lock();
        let exporter = exporter.unwrap_or_else(PoisonError::into_inner).take();
        let Some(exporter) = exporter else { return };
        self.signals.stop.notify_one();
        if timeout(LAST, exporter).await.is_err() {
            warn!("the collector takes too long, the last spans are lost");
        }
    }
}

/// Who sends them.
struct Exporter {
    queue: mpsc::Receiver<Span>,
    client: Client,
    endpoint: Endpoint,
    metrics: Arc<Metrics>,
    is_failing: bool,
}

impl Exporter {
    async fn run(mut self, signals: Arc<Signals>) {
        let started = SystemTime::now();
        let mut tick = interval(PERIOD);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // Not whenever there is a span: that would wake this task with every request.
            let is_last = tokio::select! {
                _ = tick.tick() => false,
                () = signals.crowded.notified() => false,
                () = signals.stop.notified() => true,
            };
            if is_last {
                self.queue.close();
            }
            loop {
                let waiting = std::iter::from_fn(|| self.queue.try_recv().ok());
                let spans: Vec<Span> = waiting.take(BATCH).collect();
                if spans.is_empty() {
                    break;
                }
                self.send(spans, started).await;
            }
            if is_last {
                break;
            }
        }
    }

    async fn send(&mut self, spans: Vec<Span>, started: SystemTime) {
        let count = spans.len();
        let sent = timeout(PATIENCE, self.client.post(message::encode(spans, started)));
        let sent = sent.await.unwrap_or_else(|late| Err(late.into()));
        let taken = match &sent {
            Ok(answer) => count.saturating_sub(message::rejected(answer)),
            Err(_) => 0,
        };
        self.metrics.spans(SpanOutcome::Exported, taken);
        self.metrics.spans(SpanOutcome::Failed, count - taken);
        // Once, not with every batch.
        match sent {
            Err(error) if !self.is_failing => {
                let error = format!("{error:#}");
                warn!(error, endpoint = %self.endpoint, "spans are lost, the collector does not take them");
            }
            Ok(_) if self.is_failing => info!("the collector takes spans again"),
            _ => {}
        }
        self.is_failing = taken == 0;
    }
}
