//! The console: one page and its files, all from the binary.
//!
//! | Route                 | Answer                                       |
//! |-----------------------|----------------------------------------------|
//! | `GET /`               | the page for a browser, else a greeting      |
//! | `GET /console/{file}` | what the page is made of                     |
//!
//! The page asks this host and nothing else, and its policy holds it to that.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::problem::Problem;
use super::{Shared, status};
use crate::console;
use crate::host::Host;

/// What the page may do: ask where it came from.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Router<Arc<Host>> {
    Router::new()
        .route("/", get(root))
        .route("/console/{file}", get(file))
}

async fn root(State(host): Shared, headers: HeaderMap) -> Response {
    let answer = if wants_page(&headers) {
        respond("index.html")
    } else {
        status::greeting(State(host)).await.into_response()
    };
    ([(header::VARY, "accept")], answer).into_response()
}

async fn file(Path(name): Path<String>) -> Response {
    respond(&name)
}

/// Browsers name HTML, other clients take anything.
fn wants_page(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|types| {
        let types = types.to_str().unwrap_or_default().split(',');
        types
            .filter_map(|range| range.split(';').next())
            .any(|range| range.trim().eq_ignore_ascii_case("text/html"))
    })
}

fn respond(name: &str) -> Response {
    let Some(file) = console::file(name) else {
        let nothing = format!("the console has no file {name:?}");
        return Problem::new(StatusCode::NOT_FOUND, nothing).into_response();
    };
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, file.media_type()),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, file.text).into_response()
}
