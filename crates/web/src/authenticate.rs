//! Authentication and authorization of requests.

use canopy_auth::{Auth, AuthMetrics, InvalidCredential, Role, Roles};
use canopy_telemetry::context::RequestContext;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::problem::Problem;
use super::route::Need;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Rejects a request whose user may not send it; records the user in the request context. Returns
/// what the user may do.
pub(super) fn check(
    auth: &Auth,
    metrics: &AuthMetrics,
    need: Need,
    headers: &HeaderMap,
    context: &RequestContext,
) -> Result<Roles, Problem> {
    if need == Need::Nothing {
        return Ok(Roles::NONE);
    }
    let Some(credential) = credential(headers) else {
        metrics.unauthenticated();
        return Err(unauthenticated(None));
    };
    let principal = auth.authenticate(credential).map_err(|error| {
        metrics.credential_rejected(error);
        metrics.unauthenticated();
        unauthenticated(Some(error))
    })?;
    context.identify(principal.name.to_string());
    match need {
        Need::Role(role) if !principal.roles.include(role) => {
            metrics.forbidden();
            Err(forbidden(role))
        }
        _ => Ok(principal.roles),
    }
}

/// The token or API key of a request.
fn credential(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get(API_KEY) {
        return key.to_str().ok();
    }
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start())
}

fn unauthenticated(error: Option<InvalidCredential>) -> Problem {
    let (challenge, detail) = match error {
        None => (
            "Bearer",
            "send a token of POST /token as Authorization: Bearer, or an API key as x-api-key"
                .to_owned(),
        ),
        Some(error) => ("Bearer error=\"invalid_token\"", error.to_string()),
    };
    refusal(StatusCode::UNAUTHORIZED, challenge, detail)
}

fn forbidden(role: Role) -> Problem {
    let detail = format!("this needs the role {role}, which the user does not have");
    let challenge = "Bearer error=\"insufficient_scope\"";
    refusal(StatusCode::FORBIDDEN, challenge, detail)
}

fn refusal(status: StatusCode, challenge: &'static str, detail: String) -> Problem {
    let challenge = HeaderValue::from_static(challenge);
    Problem::new(status, detail).with_header(header::WWW_AUTHENTICATE, challenge)
}
