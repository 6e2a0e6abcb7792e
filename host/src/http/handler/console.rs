//! The console: a page and its files, embedded in the binary. Its content security policy lets it
//! talk to this host only.

use canopy_web::{Call, HeaderMap, HeaderValue, Problem, Response, StatusCode, header, text};

use super::status;
use crate::console::{self, File};
use crate::http::Server;

/// Content security policy of the page: same origin only.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// `GET /`: the page for a browser, otherwise a greeting.
pub(crate) async fn root(call: Call<'_, Server>) -> Result<Response, Problem> {
    let mut response = if wants_page(call.headers()) {
        respond(&console::PAGE)
    } else {
        status::greeting(call.service)?
    };
    let vary = HeaderValue::from_static("accept");
    response.headers_mut().insert(header::VARY, vary);
    Ok(response)
}

/// `GET /console/{file}`: the files of the page.
pub(crate) async fn file(call: Call<'_, Server>) -> Result<Response, Problem> {
    let name = call.parameters.get("file").unwrap_or_default();
    console::file(name).map(respond).ok_or_else(|| {
        let nothing = format!("the console has no file {name:?}");
        Problem::new(StatusCode::NOT_FOUND, nothing)
    })
}

/// Browsers accept HTML by name, other clients anything.
fn wants_page(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|types| {
        let types = types.to_str().unwrap_or_default().split(',');
        types
            .filter_map(|range| range.split(';').next())
            .any(|range| range.trim().eq_ignore_ascii_case("text/html"))
    })
}

fn respond(file: &File) -> Response {
    let mut response = text(file.media_type(), file.text);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}
