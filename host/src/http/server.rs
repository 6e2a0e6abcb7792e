//! What handlers answer from.

use std::sync::Arc;

use canopy_web::{Parts, Table};

use crate::app::App;

/// The host as HTTP reaches it.
pub struct Server {
    /// The use cases.
    pub app: Arc<App>,
    /// The routes that are served, for the document that describes them.
    pub(super) table: Arc<Table<Self>>,
    pub(super) parts: Parts,
}

impl Server {
    /// Puts an app behind the pipeline.
    #[must_use]
    pub fn new(app: Arc<App>, table: Arc<Table<Self>>, parts: Parts) -> Self {
        Self { app, table, parts }
    }
}
