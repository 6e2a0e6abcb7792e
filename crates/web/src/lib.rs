//! An HTTP server: connections, TLS, and one pipeline for all requests.
//!
//! A program declares a table of [`Route`]s over its state, the [`Service`]. Each request is
//! matched first; its route determines everything that follows:
//!
//! 1. [`Table`]: the route, or 404, or 405 with `Allow`
//! 2. request context: id, trace and span; the request counts as in flight until it is answered
//! 3. csrf or authentication: what the route requires
//! 4. admission: the kind of permit that the route requires
//! 5. the handler: its panics are caught, and the unread rest of the body is discarded
//! 6. headers: request id, security, CORS, compression
//!
//! Only this crate and the programs' handlers deal with HTTP.

mod authenticate;
mod body;
mod call;
mod class;
mod compress;
mod config;
mod connection;
mod context;
mod cors;
mod csrf;
mod discard;
mod fd_limit;
mod headers;
mod idle;
mod lifecycle;
mod listen;
mod metrics;
mod pace;
mod parameters;
mod permit;
mod pipeline;
mod problem;
mod respond;
mod route;
mod server;
mod service;
mod signal;
mod table;
mod tls;
mod turn_away;
mod workers;

pub use axum_core::body::Body;
pub use axum_core::response::{IntoResponse, Response};
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

pub use body::AT_ONCE;
pub use call::Call;
pub use class::Class;
pub use config::{Config, Exposed};
pub use connection::HEAD_LIMIT;
pub use lifecycle::Lifecycle;
pub use listen::Listen;
pub use metrics::HttpMetrics;
pub use parameters::Parameters;
pub use permit::{Permit, Permits, UPLOADS};
pub use problem::Problem;
pub use respond::{json, media_type, text};
pub use route::{Answer, Handler, Need, Route};
pub use server::serve;
pub use service::{Parts, Service};
pub use signal::{stop_signals, watch_credentials};
pub use table::{AmbiguousRootPath, Table};
pub use tls::{Tls, TlsError};
pub use workers::Workers;
