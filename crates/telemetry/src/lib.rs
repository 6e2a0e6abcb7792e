//! What a running program tells of itself: log lines, spans and metrics, and the request context
//! that they are about.
//!
//! - [`context`]: id, trace, span and user of a request, on whatever thread it is worked on
//! - [`log`]: the log on standard error
//! - [`otlp`]: spans for an OpenTelemetry collector
//! - [`metrics`]: families of Prometheus metrics, each declared once

pub mod context;
pub mod log;
pub mod metrics;
pub mod otlp;
