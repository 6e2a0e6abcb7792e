//! Sending spans in batches.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{info, warn};

use super::client::Client;
use super::config::Endpoint;
use super::message;
use super::metrics::{Outcome, SpanMetrics};
use super::queue::Signals;
use super::record::Span;

/// Spans that are sent at a time.
const BATCH: usize = 512;
/// Longest time that a span waits, if the collector keeps up.
const PERIOD: Duration = Duration::from_secs(1);
/// Longest time that the collector may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends spans to a collector.
pub(super) struct Exporter {
    spans: mpsc::Receiver<Span>,
    client: Client,
    endpoint: Endpoint,
    metrics: Arc<SpanMetrics>,
    is_failing: bool,
}

impl Exporter {
    pub(super) fn new(
        endpoint: Endpoint,
        spans: mpsc::Receiver<Span>,
        metrics: Arc<SpanMetrics>,
    ) -> Self {
        Self {
            spans,
            client: Client::new(&endpoint),
            endpoint,
            metrics,
            is_failing: false,
        }
    }

    pub(super) async fn run(mut self, signals: Arc<Signals>) {
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
                self.spans.close();
            }
            loop {
                let waiting = std::iter::from_fn(|| self.spans.try_recv().ok());
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
        self.metrics.count(Outcome::Exported, taken);
        self.metrics.count(Outcome::Failed, count - taken);
        // Once, not with every batch.
        match sent {
            Err(error) if !self.is_failing => {
                let error = format!("{error:#}");
                warn!(error, endpoint = %self.endpoint, "spans are lost: the collector does not take them");
            }
            Ok(_) if self.is_failing => info!("the collector takes spans again"),
            _ => {}
        }
        self.is_failing = taken == 0;
    }
}
