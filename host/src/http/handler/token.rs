//! `POST /token`: exchanges a user name and a password for a token.

use canopy_auth::LoginError;
use canopy_rows::json::check_depth;
use canopy_web::{
    Call, HeaderValue, IntoResponse as _, Problem, Response, Service as _, StatusCode, header,
    json, media_type,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::format::Format;
use crate::app::AppError;
use crate::http::Server;

/// Media type of OAuth 2 forms.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
/// Maximum size of a login request, in bytes.
const LIMIT: u64 = 4 << 10;
/// Tokens must not be cached.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The credentials of a user. Other fields, such as `grant_type`, are ignored.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Login {
    /// Name of the user.
    username: String,
    /// Password of the user.
    #[schema(format = Password)]
    password: String,
}

/// A token for further requests.
#[derive(Serialize, ToSchema)]
pub(crate) struct Token {
    /// The token.
    access_token: String,
    token_type: TokenType,
    /// Seconds until the token expires.
    expires_in: u64,
}

/// How to send a token: as `Authorization: Bearer TOKEN`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum TokenType {
    Bearer,
}

/// Logs a user in.
pub(crate) async fn issue(call: Call<'_, Server>) -> Result<Response, Problem> {
    let issued = log_in(call).await;
    let mut response = issued.unwrap_or_else(Problem::into_response);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    Ok(response)
}

async fn log_in(mut call: Call<'_, Server>) -> Result<Response, Problem> {
    let Login { username, password } = read(&mut call).await?;
    let parts = call.service.parts();
    let auth = parts.auth.as_ref().ok_or_else(Problem::internal)?;
    match auth.login(&username, password, call.peer).await {
        Ok(access_token) => {
            parts.auth_metrics.token_issued();
            let token = Token {
                access_token,
                token_type: TokenType::Bearer,
                expires_in: auth.lifetime().as_secs(),
            };
            json(StatusCode::OK, &token)
        }
        Err(error) => {
            parts.auth_metrics.login_refused(error);
            Err(refusal(error))
        }
    }
}

/// Reads a login request, as an OAuth 2 form or JSON.
async fn read(call: &mut Call<'_, Server>) -> Result<Login, Problem> {
    let media_type = media_type(call.headers());
    let is_form = media_type.is_some_and(|it| it.is_ok_and(|it| it.essence_str() == FORM));
    if !is_form {
        Format::of(call.headers(), &[Format::Json])?;
    }
    let body = call.read(LIMIT).await?;
    let login = if is_form {
        serde_urlencoded::from_bytes(&body).map_err(|error| error.to_string())
    } else {
        check_depth(&body).map_err(AppError::from)?;
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    };
    login.map_err(|error| {
        let detail = format!("send username and password, as a form or in JSON: {error}");
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })
}

fn refusal(error: LoginError) -> Problem {
    let detail = error.to_string();
    match error {
        LoginError::Credentials => Problem::new(StatusCode::UNAUTHORIZED, detail)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
        LoginError::Locked(wait) | LoginError::Address(wait) => {
            let seconds = HeaderValue::from(wait.as_secs_f64().ceil() as u64);
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
                .with_header(header::RETRY_AFTER, seconds)
        }
        LoginError::Overload => Problem::overload(detail),
    }
}
