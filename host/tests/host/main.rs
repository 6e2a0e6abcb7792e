//! The `canopy` binary, driven over HTTP with real models.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod authentication;
mod batch;
mod browser;
mod cache;
mod command_line;
mod compiler;
mod conformance;
mod console;
mod console_page;
mod containment;
mod csrf;
mod document;
mod evaluate;
mod guest;
mod history;
mod house;
mod life;
mod limits;
mod memory;
mod models;
mod neighbours;
mod observations;
mod other_model;
mod otlp;
mod predict;
mod proxy;
mod python;
mod recovery;
mod refusal;
mod restart;
mod schema;
mod server;
mod snapshot;
mod status;
mod tls;
mod two_hosts;
mod v2;
mod world;
