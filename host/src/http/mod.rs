//! The HTTP interface of the host: its table of routes, and their handlers.
//!
//! The table is in `routes`; everything before and after a handler is in [`canopy_web`]. Apart from
//! that crate, only this module deals with HTTP.

mod handler;
mod openapi;
mod problem;
mod routes;
mod server;
mod service;

pub use openapi::summary;
pub use routes::table;
pub use server::Server;
