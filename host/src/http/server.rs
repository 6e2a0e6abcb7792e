//! What handlers answer from.

use std::sync::Arc;

use canopy_web::{Parts, Table};

use crate::app::App;

/// The host as an HTTP service.
pub struct Server {
    /// The application.
    pub app: Arc<App>,
    /// The routes, for the OpenAPI document.
    pub(super) table: Arc<Table<Self>>,
    pub(super) parts: Parts,
}

impl Server {
    /// Creates the HTTP service of an app.
    #[must_use]
    pub fn new(app: Arc<App>, table: Arc<Table<Self>>, parts: Parts) -> Self {
        Self { app, table, parts }
    }
}
