//! The HTTP API of the retrainer: its route table and handlers.
//!
//! Requests pass through the pipeline of [`canopy_web`], as in the host.

mod alerts;
mod routes;
mod runs;
mod status;

use std::sync::Arc;

use canopy_web::{Parameters, Parts, Service};

pub(crate) use routes::table;

use crate::retraining::Retrainer;

/// The retrainer as an HTTP service.
pub(crate) struct Server {
    retrainer: Arc<Retrainer>,
    parts: Parts,
}

impl Server {
    /// Creates the service of a retrainer.
    pub(crate) fn new(retrainer: Arc<Retrainer>, parts: Parts) -> Self {
        Self { retrainer, parts }
    }
}

impl Service for Server {
    fn parts(&self) -> &Parts {
        &self.parts
    }

    fn overloaded(&self, _: &Parameters) {}
}
