//! `POST /token`: a name and a password for a token.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::body::{self, Format};
use super::connection::Peer;
use super::problem::Problem;
use crate::door::{Door, LoginError};
use crate::host::Host;
use crate::row::json::check_depth;

/// Media type of the form of OAuth 2.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
/// Most bytes of a login.
const LIMIT: u64 = 4 << 10;
/// Tokens are kept by those that asked for them and by nobody on the way.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// What a client sends; more than that, such as `grant_type`, is ignored.
#[derive(Deserialize)]
struct Login {
    username: String,
    password: String,
}

/// What it gets.
#[derive(Serialize)]
struct Token {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

/// Logs a user in.
pub(super) async fn issue(
    State((host, door)): State<(Arc<Host>, Arc<Door>)>,
    Extension(Peer(address)): Extension<Peer>,
    request: Request,
) -> Response {
    let mut response = match login(&host, request).await {
        Err(problem) => problem.into_response(),
        Ok(Login { username, password }) => match door.login(&username, password, address).await {
            Ok(access_token) => {
                host.metrics.door.token_issued();
                Json(Token {
                    access_token,
                    token_type: "bearer",
                    expires_in: door.lifetime().as_secs(),
                })
                .into_response()
            }
            Err(error) => {
                host.metrics.door.login_refused(error);
                refusal(error)
            }
        },
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    response
}

/// Reads a login, as OAuth 2 writes it or in JSON.
async fn login(host: &Host, request: Request) -> Result<Login, Problem> {
    let is_form = is_form(request.headers());
    if !is_form {
        Format::of(request.headers(), &[Format::Json])?;
    }
    let body = body::read(host, request, LIMIT).await?;
    if !is_form {
        check_depth(&body)?;
    }
    let login = if is_form {
        serde_urlencoded::from_bytes(&body).map_err(|error| error.to_string())
    } else {
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    };
    login.map_err(|error| {
        let detail = format!("send username and password, as a form or in JSON: {error}");
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })
}

fn is_form(headers: &HeaderMap) -> bool {
    let given = headers.get(header::CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok());
    given.is_some_and(|given| {
        let media_type = given.split(';').next().unwrap_or_default();
        media_type.trim().eq_ignore_ascii_case(FORM)
    })
}

fn refusal(error: LoginError) -> Response {
    let detail = error.to_string();
    match error {
        LoginError::Credentials => {
            let challenge = [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
            (challenge, Problem::new(StatusCode::UNAUTHORIZED, detail)).into_response()
        }
        LoginError::Locked(wait) | LoginError::Address(wait) => {
            let seconds = HeaderValue::from(wait.as_secs_f64().ceil() as u64);
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, detail);
            ([(header::RETRY_AFTER, seconds)], problem).into_response()
        }
        LoginError::Overload => Problem::overload(detail).into_response(),
    }
}
