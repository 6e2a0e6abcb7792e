//! The API documentation: OpenAPI and Swagger UI, embedded in the binary.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use canopy_web::{Body, Call, HeaderValue, Problem, Response, StatusCode, header, json};
use utoipa_swagger_ui::Config;

use crate::http::{Server, openapi};

/// Replaces Swagger UI's own script, which supports no authentication.
const INITIALIZER: (&str, &str) = ("swagger-initializer.js", include_str!("initializer.js"));

/// The page loads from this host only; Swagger UI needs inline styles.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// `GET /openapi.json`
pub(crate) async fn openapi(call: Call<'_, Server>) -> Result<Response, Problem> {
    json(StatusCode::OK, &openapi::document(call.service))
}

/// `GET /docs`: a relative redirect, so that a proxy may publish the host under any path.
pub(crate) async fn redirect(_: Call<'_, Server>) -> Result<Response, Problem> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    let location = HeaderValue::from_static("docs/");
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// `GET /docs/`
pub(crate) async fn index(_: Call<'_, Server>) -> Result<Response, Problem> {
    page("index.html")
}

/// `GET /docs/{file}`
pub(crate) async fn file(call: Call<'_, Server>) -> Result<Response, Problem> {
    page(call.parameters.get("file").unwrap_or_default())
}

fn page(name: &str) -> Result<Response, Problem> {
    static CONFIG: LazyLock<Arc<Config<'static>>> =
        LazyLock::new(|| Arc::new(Config::from("../openapi.json")));
    match utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)) {
        Ok(Some(mut file)) => {
            if name == INITIALIZER.0 {
                file.bytes = Cow::Borrowed(INITIALIZER.1.as_bytes());
            }
            let mut response = Response::new(Body::from(file.bytes.into_owned()));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
            if let Ok(content_type) = HeaderValue::try_from(file.content_type) {
                headers.insert(header::CONTENT_TYPE, content_type);
            }
            Ok(response)
        }
        Ok(None) => Err(Problem::new(
            StatusCode::NOT_FOUND,
            format!("there is no page {name:?}; start at /docs/"),
        )),
        Err(_) => Err(Problem::internal()),
    }
}
