//! Canopy: a WebAssembly-plugin inference host.
//!
//! The host knows nothing about any one model: names, kinds and ranges of features, the target
//! and the field of the answer all come from the component. See `docs/explanation/architecture.md`.

pub mod account;
mod call;
pub mod config;
pub mod console;
mod descriptor;
mod disk;
pub mod door;
pub mod evaluation;
pub mod host;
pub mod http;
pub mod inspect;
pub mod lane;
mod live;
pub mod log;
pub mod metrics;
pub mod models;
pub mod observation;
mod otlp;
mod pinned;
pub mod probe;
mod reload;
pub mod report;
pub mod row;
pub mod runtime;
pub mod serve;
pub mod served;
pub mod tls;
mod watched;
pub mod window;
