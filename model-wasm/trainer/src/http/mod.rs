//! The HTTP API of the retrainer: its route table and handlers.
//!
//! Requests pass through the pipeline of [`canopy_web`], as in the host.

mod alerts;
mod routes;
mod runs;
mod server;
mod status;

pub(crate) use routes::table;
pub(crate) use server::Server;
