//! What handlers answer from.

use std::sync::Arc;

use canopy_web::{Parameters, Parts, Service};

use crate::retraining::Retrainer;

/// The retrainer as an HTTP service.
pub(crate) struct Server {
    pub(super) retrainer: Arc<Retrainer>,
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
