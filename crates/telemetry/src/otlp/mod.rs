//! Exports spans of requests to an OpenTelemetry collector.
//!
//! A recorded request has a [`RequestSpan`] in its
//! [request context](crate::context::RequestContext). Ended spans wait in a bounded queue for a
//! task that exports them in batches (OTLP 1.x over HTTP, in protobuf). Spans that do not fit into
//! the queue, or that the collector does not accept, are counted and dropped.
//!
//! Spans are not created by the OpenTelemetry SDK; only its exporter is used, with the standard
//! environment variables.

mod config;
mod endpoint;
mod exporter;
mod metrics;
mod queue;
mod record;
mod resource;
mod sampler;
mod settings;
mod span;
mod span_data;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::warn;

pub use config::Config;
pub use endpoint::Endpoint;
pub use metrics::SpanMetrics;
pub use record::Exchange;
pub use span::{Parent, RequestSpan};

use exporter::Exporter;
use metrics::Outcome;
use queue::Queue;
use sampler::Sampler;
use settings::Settings;

/// Maximum time for exporting the remaining spans at shutdown.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// Records spans of requests.
pub struct Tracer {
    queue: Arc<Queue>,
    sampler: Sampler,
    exporter: Mutex<Option<JoinHandle<()>>>,
}

impl Tracer {
    /// Starts a tracer if the configuration or an `OTEL_*` variable names a collector. Must run
    /// within a tokio runtime.
    ///
    /// # Errors
    ///
    /// If a variable is not valid, or certificates cannot be read.
    pub fn start(config: &Config, metrics: SpanMetrics) -> anyhow::Result<Option<Arc<Self>>> {
        let metrics = Arc::new(metrics);
        for outcome in Outcome::ALL {
            metrics.count(outcome, 0);
        }
        let settings = Settings::resolve(config, |name| std::env::var_os(name))?;
        let Some(settings) = settings else {
            return Ok(None);
        };
        let sampler = settings.sampler;
        let exporter = Exporter::new(settings, Arc::clone(&metrics))?;
        let (queue, spans) = Queue::new(metrics);
        #[expect(
            clippy::disallowed_methods,
            reason = "the exporter belongs to no request"
        )]
        let exporter = tokio::spawn(exporter.run(spans, queue.signals()));
        Ok(Some(Arc::new(Self {
            queue,
            sampler,
            exporter: Mutex::new(Some(exporter)),
        })))
    }

    /// Begins the span of a request if the sampler chooses it.
    #[must_use]
    pub fn begin(&self, parent: Option<Parent>) -> Option<RequestSpan> {
        let is_sampled = self.sampler.samples(parent.as_ref());
        is_sampled.then(|| RequestSpan::new(Arc::clone(&self.queue), parent))
    }

    /// Exports the remaining spans.
    pub async fn stop(&self) {
        let exporter = self.exporter.lock().take();
        let Some(exporter) = exporter else { return };
        self.queue.stop();
        if timeout(STOP_TIMEOUT, exporter).await.is_err() {
            warn!("the collector takes too long; the last spans are lost");
        }
    }
}
