//! Exports spans in batches.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use opentelemetry::InstrumentationScope;
use opentelemetry_otlp::{RetryPolicy, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::trace::SpanExporter as _;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::endpoint::Endpoint;
use super::metrics::{Outcome, SpanMetrics};
use super::queue::Signals;
use super::record::Span;
use super::resource::{self, SERVICE};
use super::settings::Settings;
use super::span_data;
use super::transport::Transport;

/// Maximum number of spans in a message.
const BATCH: usize = 512;
/// Maximum time that a span waits, if the collector keeps up.
const PERIOD: Duration = Duration::from_secs(1);

/// Exports spans to a collector.
pub(super) struct Exporter {
    sender: opentelemetry_otlp::SpanExporter,
    transport: Transport,
    scope: InstrumentationScope,
    endpoint: Endpoint,
    metrics: Arc<SpanMetrics>,
    is_failing: bool,
}

impl Exporter {
    /// Creates an exporter.
    ///
    /// # Errors
    ///
    /// If the settings are not valid.
    pub(super) fn new(settings: Settings, metrics: Arc<SpanMetrics>) -> anyhow::Result<Self> {
        let transport = Transport::new(&settings)?;
        let mut sender = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(transport.clone())
            .with_endpoint(settings.endpoint.url())
            .with_timeout(settings.timeout)
            // Retries would sleep on this thread.
            .with_retry_policy(RetryPolicy::disabled())
            .build()
            .context("cannot set up the exporter")?;
        sender.set_resource(&resource::of_process());
        Ok(Self {
            sender,
            transport,
            scope: InstrumentationScope::builder(SERVICE)
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
            endpoint: settings.endpoint,
            metrics,
            is_failing: false,
        })
    }

    /// Exports spans until the queue is stopped.
    pub(super) async fn run(mut self, mut spans: mpsc::Receiver<Span>, signals: Arc<Signals>) {
        let mut tick = interval(PERIOD);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // Not for every span, which would wake this task with every request.
            let is_last = tokio::select! {
                _ = tick.tick() => false,
                () = signals.half_full.notified() => false,
                () = signals.stop.notified() => true,
            };
            if is_last {
                spans.close();
            }
            loop {
                let waiting = std::iter::from_fn(|| spans.try_recv().ok());
                let batch: Vec<Span> = waiting.take(BATCH).collect();
                if batch.is_empty() {
                    break;
                }
                self.send(batch).await;
            }
            if is_last {
                break;
            }
        }
    }

    async fn send(&mut self, spans: Vec<Span>) {
        let count = spans.len();
        let convert = |span| span_data::convert(span, self.scope.clone());
        let sent = self.sender.export(spans.into_iter().map(convert).collect());
        let sent = sent.await.map(|()| 0).map_err(anyhow::Error::from);
        let taken = match self.transport.take_result().unwrap_or(sent) {
            Ok(rejected) if rejected >= count => Err(anyhow!("the collector rejects all of them")),
            result => result.map(|rejected| count - rejected),
        };
        let exported = *taken.as_ref().unwrap_or(&0);
        self.metrics.count(Outcome::Exported, exported);
        self.metrics.count(Outcome::Failed, count - exported);
        // Logged once per series of failures.
        let was_failing = std::mem::replace(&mut self.is_failing, taken.is_err());
        match taken {
            Err(error) if !was_failing => {
                let error = format!("{error:#}");
                warn!(error, endpoint = %self.endpoint, "spans are lost: the collector does not take them");
            }
            Ok(_) if was_failing => info!("the collector takes spans again"),
            _ => {}
        }
    }
}
