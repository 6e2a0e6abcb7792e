//! The HTTP interface of the host: its table of routes, and their handlers.
//!
//! The table is in `routes`; everything before and after a handler is in [`canopy_web`]. Apart from
//! that crate, only this module deals with HTTP.

mod handler;
mod openapi;
mod problem;
mod routes;

use std::sync::Arc;

use axum_core::response::Response;
use canopy_web::{Parameters, Parts, Problem, Service, Table};

pub use openapi::summary;
pub use routes::table;

use crate::app::App;

/// The host as an HTTP service.
pub struct Server {
    /// The application.
    pub app: Arc<App>,
    parts: Parts,
    /// The routes, for the OpenAPI document.
    table: Table<Self>,
}

impl Server {
    /// Creates the HTTP service of an app.
    #[must_use]
    pub fn new(app: Arc<App>, parts: Parts) -> Self {
        let table = table(parts.auth.is_some());
        Self { app, parts, table }
    }
}

impl Service for Server {
    fn parts(&self) -> &Parts {
        &self.parts
    }

    fn overloaded(&self, parameters: &Parameters) {
        if let Ok(model) = handler::named(&self.app, parameters) {
            model.metrics.overloaded();
        }
    }

    fn problem(path: &str, problem: Problem) -> Response {
        handler::v2::problem(path, problem)
    }
}
