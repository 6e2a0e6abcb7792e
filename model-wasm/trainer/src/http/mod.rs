//! The retrainer over HTTP: the table of its routes, and their handlers.
//!
//! What every request passes before and after its handler is [`canopy_web`]'s, as in the host.

mod alerts;
mod routes;
mod runs;
mod status;

use std::sync::Arc;

use canopy_web::{Parameters, Parts, Service};

pub(crate) use routes::table;

use crate::retraining::Retrainer;

/// The retrainer as HTTP reaches it.
pub(crate) struct Server {
    retrainer: Arc<Retrainer>,
    parts: Parts,
}

impl Server {
    /// Puts a retrainer behind the pipeline.
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
