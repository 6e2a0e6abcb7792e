//! Telemetry: logging, spans and metrics, and the request context that connects them.
//!
//! - [`context`]: id, trace, span and user of a request, on every thread that works on it
//! - [`log`]: the log on standard error
//! - [`otlp`]: the export of spans to an OpenTelemetry collector
//! - [`metrics`]: families of Prometheus metrics, each declared once

pub mod context;
pub mod log;
pub mod metrics;
pub mod otlp;
