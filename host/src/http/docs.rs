//! The interface, described: OpenAPI and Swagger UI, both from the binary.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;
use utoipa_swagger_ui::Config;

use super::problem::Problem;
use super::{Shared, openapi, secure};

/// Starts the page; what Swagger UI brings knows no door.
const INITIALIZER: (&str, &str) = ("swagger-initializer.js", include_str!("initializer.js"));

/// `GET /openapi.json`
pub(super) async fn openapi(State(host): Shared) -> Json<Value> {
    Json(openapi::document(&host.models, host.door.is_some()))
}

/// `GET /docs`
pub(super) async fn redirect() -> Redirect {
    Redirect::permanent("/docs/")
}

/// `GET /docs/`
pub(super) async fn index() -> Response {
    page("index.html")
}

/// `GET /docs/{file}`
pub(super) async fn file(Path(file): Path<String>) -> Response {
    page(&file)
}

fn page(name: &str) -> Response {
    static CONFIG: LazyLock<Arc<Config<'static>>> =
        LazyLock::new(|| Arc::new(Config::from("/openapi.json")));
    match utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)) {
        Ok(Some(mut file)) => {
            if name == INITIALIZER.0 {
                file.bytes = Cow::Borrowed(INITIALIZER.1.as_bytes());
            }
            let body = file.bytes.into_owned();
            let content_type = [(header::CONTENT_TYPE, file.content_type)];
            let policy = [(header::CONTENT_SECURITY_POLICY, secure::PAGE)];
            (content_type, policy, body).into_response()
        }
        Ok(None) => Problem::new(
            axum::http::StatusCode::NOT_FOUND,
            format!("there is no page {name:?}; start at /docs/"),
        )
        .into_response(),
        Err(_) => Problem::internal().into_response(),
    }
}
