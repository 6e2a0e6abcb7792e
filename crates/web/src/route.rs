//! Rows of the table of routes.

use std::fmt::{self, Display};
use std::future::Future;
use std::pin::Pin;

use axum_core::response::Response;
use canopy_auth::Role;
use http::Method;

use super::call::Call;
use super::class::Class;
use super::problem::Problem;

/// What a handler answers.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send + 'a>>;

/// Answers the requests of a route.
pub type Handler<S> = for<'a> fn(Call<'a, S>) -> Answer<'a>;

/// A row of the table: everything that the pipeline and the documentation know of a route.
pub struct Route<S: 'static> {
    /// The method; `GET` answers `HEAD` too.
    pub method: Method,
    /// The path, with parameters in braces; also the `endpoint` label of metrics.
    pub path: &'static str,
    /// What a request needs where there are users.
    pub need: Need,
    /// Which permit a request takes.
    pub class: Class,
    /// Name of the operation in OpenAPI, unique.
    pub operation: &'static str,
    /// Answers the request.
    pub handler: Handler<S>,
}

/// What a request needs to be let in where there are users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// A user.
    User,
    /// A user, unless the operator has opened the metrics to everybody.
    Metrics,
    /// A user with this role.
    Role(Role),
}

impl Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("anybody"),
            Self::User => f.write_str("every user"),
            Self::Metrics => f.write_str("every user; anybody with `--open-metrics`"),
            Self::Role(role) => write!(f, "role `{role}`"),
        }
    }
}
