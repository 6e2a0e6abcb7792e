//! The route table.

use canopy_auth::Role::Admin;
use canopy_web::Class::Open;
use canopy_web::{Method, Need, Route, Table};

use super::{Server, alerts, runs, status};

/// The route table of the retrainer.
pub(crate) fn table() -> Table<Server> {
    Table::new(&[&ROUTES])
}

macro_rules! routes {
    ($($method:ident $path:literal $need:expr, $operation:literal => $handler:path;)*) => {
        [$(Route {
            method: Method::$method,
            path: $path,
            need: $need,
            class: Open,
            operation: $operation,
            handler: |call| Box::pin($handler(call)),
        },)*]
    };
}

#[rustfmt::skip]
static ROUTES: [Route<Server>; 5] = routes! {
    POST "/alerts"  Need::Role(Admin), "receiveAlerts" => alerts::receive;
    GET  "/runs"    Need::User,        "runs"          => runs::list;
    POST "/runs"    Need::Role(Admin), "startRun"      => runs::start;
    GET  "/metrics" Need::Metrics,     "metrics"       => status::metrics;
    GET  "/health"  Need::Nothing,     "health"        => status::health;
};
