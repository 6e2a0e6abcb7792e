//! Who may send which request: the one table of routes and roles, and its guard.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::door::{Door, Rejected, Role};
use crate::host::Host;
use crate::log::about;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What a request needs to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing.
    Nothing,
    /// To be a user.
    User,
    /// To be a user with this role.
    Role(Role),
}

impl Need {
    /// What a request of a route needs: to be an administrator, if nothing else is said here.
    pub(super) fn of(method: &Method, route: Option<&str>) -> Self {
        let Some(route) = route else {
            return Self::User;
        };
        let reads = method == Method::GET || method == Method::HEAD;
        match route {
            "/" | "/console/{file}" | "/docs" | "/docs/" | "/docs/{file}" | "/health"
            | "/ready" | "/token" | "/v2/health/live" | "/v2/health/ready" => Self::Nothing,
            "/metrics"
            | "/model"
            | "/models"
            | "/models/{name}"
            | "/evaluations"
            | "/evaluations/{id}"
            | "/evaluations/{id}/report.html"
            | "/models/{name}/evaluations"
            | "/models/{name}/evaluations/{id}"
            | "/models/{name}/evaluations/{id}/report.html"
            | "/live"
            | "/models/{name}/live"
            | "/openapi.json"
            | "/v2"
            | "/v2/models/{name}"
            | "/v2/models/{name}/ready"
            | "/v2/models/{name}/versions/{version}"
            | "/v2/models/{name}/versions/{version}/ready"
                if reads =>
            {
                Self::User
            }
            "/v2/repository/index" => Self::User,
            "/predict"
            | "/predict/batch"
            | "/models/{name}/predict"
            | "/models/{name}/predict/batch"
            | "/v2/models/{name}/infer"
            | "/v2/models/{name}/versions/{version}/infer" => Self::Role(Role::Predict),
            "/evaluate" | "/models/{name}/evaluate" => Self::Role(Role::Evaluate),
            _ => Self::Role(Role::Admin),
        }
    }
}

/// Lets a request in if its user may send it.
pub(super) async fn guard(
    State((host, door)): State<(Arc<Host>, Arc<Door>)>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map(MatchedPath::as_str);
    match check(&host, &door, request.method(), route, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Whether the user of a request may send it.
pub(super) fn check(
    host: &Host,
    door: &Door,
    method: &Method,
    route: Option<&str>,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let is_open = host.config.door.open_metrics && route == Some("/metrics");
    let need = match Need::of(method, route) {
        Need::User if is_open => Need::Nothing,
        need => need,
    };
    admit(host, door, need, headers)
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It shows nothing, or something that opens nothing.
    Unauthenticated(Option<Rejected>),
    /// Its user does not have this role.
    Forbidden(Role),
}

fn admit(host: &Host, door: &Door, need: Need, headers: &HeaderMap) -> Result<(), Refusal> {
    if need == Need::Nothing {
        return Ok(());
    }
    let metrics = &host.metrics.door;
    let Some(shown) = shown(headers) else {
        metrics.unauthenticated();
        return Err(Refusal::Unauthenticated(None));
    };
    let visitor = door.check(shown).map_err(|error| {
        metrics.token_rejected(error);
        metrics.unauthenticated();
        Refusal::Unauthenticated(Some(error))
    })?;
    about::is_from(visitor.name.to_string());
    match need {
        Need::Role(role) if !visitor.roles.include(role) => {
            metrics.forbidden();
            Err(Refusal::Forbidden(role))
        }
        _ => Ok(()),
    }
}

/// The token or key that a request shows.
fn shown(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get(API_KEY) {
        return key.to_str().ok();
    }
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start())
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, challenge, detail) = match self {
            Self::Unauthenticated(None) => (
                StatusCode::UNAUTHORIZED,
                "Bearer",
                "send a token of POST /token as Authorization: Bearer, or an API key as x-api-key"
                    .to_owned(),
            ),
            Self::Unauthenticated(Some(error)) => (
                StatusCode::UNAUTHORIZED,
                "Bearer error=\"invalid_token\"",
                error.to_string(),
            ),
            Self::Forbidden(role) => (
                StatusCode::FORBIDDEN,
                "Bearer error=\"insufficient_scope\"",
                format!("this needs the role {role}, which the user does not have"),
            ),
        };
        let challenge = [(header::WWW_AUTHENTICATE, challenge)];
        (challenge, Problem::new(status, detail)).into_response()
    }
}
