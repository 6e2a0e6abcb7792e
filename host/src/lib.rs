//! Canopy: a WebAssembly-plugin inference host.
//!
//! The host is independent of any particular model: feature names, kinds and ranges, the target and
//! the response field all come from the component. See `docs/explanation/architecture.md`.
//!
//! Data flows one way: [`http`] → [`app`] → [`models`], [`monitoring`] → the crates below.

pub mod app;
pub mod cli;
pub mod config;
pub mod console;
pub mod http;
mod limits;
pub mod loaded_model;
pub mod metrics;
pub mod models;
pub mod monitoring;
