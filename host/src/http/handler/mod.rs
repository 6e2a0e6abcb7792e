//! The handlers of the routes.

mod answer;
pub(super) mod batch;
pub(super) mod console;
pub(super) mod docs;
pub(super) mod evaluate;
pub(super) mod evaluations;
pub(super) mod format;
pub(super) mod live;
pub(super) mod models;
mod named;
pub(super) mod observations;
pub(super) mod predict;
pub(super) mod status;
pub(super) mod token;
pub(super) mod v2;

pub(super) use answer::columns;
pub(super) use named::named;
