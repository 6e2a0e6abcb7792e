//! Tests the guarantees of the pipeline with a small service over real connections.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod body;
mod client;
mod compression;
mod connections;
mod context;
mod cors;
mod credentials;
mod csrf;
mod fairness;
mod methods;
mod prefix;
mod server;
