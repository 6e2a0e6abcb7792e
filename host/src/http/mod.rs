//! The host over HTTP: the table of its routes, and their handlers.
//!
//! The table is in `routes`; what every request passes before and after its handler is
//! [`canopy_web`]'s. With that crate, this is the only module that knows HTTP.

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

/// The host as HTTP reaches it.
pub struct Server {
    /// What the host does.
    pub app: Arc<App>,
    parts: Parts,
    /// The routes that are served, for the document that describes them.
    table: Table<Self>,
}

impl Server {
    /// Puts an app behind the pipeline.
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
