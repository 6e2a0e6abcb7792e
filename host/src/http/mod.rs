//! The host over HTTP: the table of its routes, and their handlers.
//!
//! The table is in `routes`; what every request passes before and after its handler is
//! [`canopy_web`]'s. With that crate, this is the only module that knows HTTP.

mod handler;
mod openapi;
mod problem;
mod routes;
mod server;
mod service;

pub use openapi::summary;
pub use routes::table;
pub use server::Server;
