//! What the pipeline asks of the host.

use axum_core::response::Response;
use canopy_web::{Parameters, Parts, Problem, Service};

use super::handler;
use super::server::Server;

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
