//! Canopy: a WebAssembly-plugin inference host.
//!
//! The host knows nothing about any one model: names, kinds and ranges of features, the target
//! and the field of the answer all come from the component. See `docs/explanation/architecture.md`.
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
