//! Routes.

use std::fmt::{self, Display};
use std::future::Future;
use std::pin::Pin;

use axum_core::response::Response;
use canopy_auth::Role;
use http::Method;

use super::call::Call;
use super::class::Class;
use super::problem::Problem;

/// The future of a handler.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send + 'a>>;

/// Answers the requests of a route.
pub type Handler<S> = for<'a> fn(Call<'a, S>) -> Answer<'a>;

/// A route: everything that the pipeline and the documentation know about it.
pub struct Route<S: 'static> {
    /// The method; `GET` answers `HEAD` too.
    pub method: Method,
    /// The path, with parameters in braces; also the `endpoint` label of metrics.
    pub path: &'static str,
    /// The access a request needs if there are users.
    pub need: Need,
    /// The permit a request takes.
    pub class: Class,
    /// Unique operation id in OpenAPI.
    pub operation: &'static str,
    /// Answers the request.
    pub handler: Handler<S>,
}

/// The access a request needs if there are users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// A user.
    User,
    /// A user, unless the operator has made the metrics public.
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
