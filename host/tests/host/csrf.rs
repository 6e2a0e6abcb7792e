//! What pages of other sites may have a browser do: nothing that changes anything.

use canopy::http::table;
use canopy_web::Method;
use reqwest::blocking::Response;
use serde_json::Value;

use crate::authentication::guarded;
use crate::house;
use crate::server::Server;

/// What only a page of another site has a browser send; the last one is DNS rebinding.
const FOREIGN: [(&str, &str); 3] = [
    ("origin", "https://evil.example"),
    ("sec-fetch-site", "cross-site"),
    ("host", "evil.example"),
];

/// Every row of the table, with a path that has values for its parameters.
fn rows(has_users: bool) -> Vec<(Method, String)> {
    let table = table(has_users);
    let rows = table.routes().map(|route| {
        let path = route.path.replace("{name}", "bike-sharing");
        let path = path.replace("{id}", "last").replace("{version}", "1.0.0");
        let file = match path.starts_with("/docs") {
            true => "swagger-ui.css",
            false => "main.js",
        };
        (route.method.clone(), path.replace("{file}", file))
    });
    rows.collect()
}

fn send(server: &Server, method: &Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = server.client.request(method.clone(), server.url(path));
    for &(name, value) in headers {
        request = request.header(name, value);
    }
    request.send().unwrap()
}

/// Whether a request was refused because a page of another site seems to have sent it, in the
/// form that errors of its path have.
fn is_refused(path: &str, response: Response) -> bool {
    if response.status() != 403 {
        return false;
    }
    let problem: Value = response.json().unwrap();
    let said = if path.starts_with("/v2") {
        assert_eq!(problem.as_object().unwrap().len(), 1, "{path}: {problem}");
        &problem["error"]
    } else {
        assert_eq!(problem["status"], 403, "{path}: {problem}");
        &problem["detail"]
    };
    said.as_str().unwrap().contains("a page of another site")
}

#[test]
fn without_users_no_route_changes_anything_for_a_page_of_another_site() {
    let server = house::server();
    let rows = rows(false);
    assert!(rows.len() >= 44);
    for (method, path) in &rows {
        for header in FOREIGN {
            let response = send(&server, method, path, &[header]);
            let refused = is_refused(path, response);
            assert_eq!(
                refused,
                *method != Method::GET,
                "{method} {path} {header:?}"
            );
        }
    }
    // The same without these headers, and from the host's own page.
    let own = format!("http://{}", server.address);
    for headers in [
        &[][..],
        &[("origin", own.as_str())],
        &[("sec-fetch-site", "same-origin"), ("origin", &own)],
    ] {
        for (method, path) in &rows {
            let response = send(&server, method, path, headers);
            assert!(!is_refused(path, response), "{method} {path} {headers:?}");
        }
    }
}

#[test]
fn with_users_a_key_is_proof_enough() {
    let guarded = guarded(&[]);
    let key = ("x-api-key", guarded.key("admin"));
    for (method, path) in rows(true) {
        for header in FOREIGN {
            let response = send(&guarded.server, &method, &path, &[header, key]);
            assert_ne!(response.status(), 401, "{method} {path} {header:?}");
            assert!(!is_refused(&path, response), "{method} {path} {header:?}");
        }
    }
}

#[test]
fn names_and_origins_are_let_in_as_configured() {
    let server = Server::start(
        house::model(),
        &[
            "--allowed-host",
            "ml.example",
            "--cors-origin",
            "https://app.example",
        ],
    );
    let predict = |headers: &[(&str, &str)]| {
        let mut request = server.post("/predict").json(&house::record());
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        request.send().unwrap()
    };
    let app = ("origin", "https://app.example");
    let evil = ("origin", "https://evil.example");
    for (headers, status) in [
        (&[("host", "ml.example")][..], 200),
        (&[("host", "other.example")], 403),
        (&[app], 200),
        (&[app, ("sec-fetch-site", "cross-site")], 200),
        (&[app, ("host", "other.example")], 403),
        (&[evil], 403),
        (&[evil, ("host", "ml.example")], 403),
    ] {
        let response = predict(headers);
        assert_eq!(response.status(), status, "{headers:?}");
        let headers = response.headers();
        let allowed = headers.get("access-control-allow-origin");
        let is_app = allowed.is_some_and(|origin| origin == "https://app.example");
        assert_eq!(is_app, allowed.is_some());
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }
    for (path, methods) in [
        ("/predict", "POST"),
        ("/model", "GET,HEAD"),
        ("/models/bike-sharing", "GET,HEAD,PUT,DELETE"),
    ] {
        let ask = ("access-control-request-method", "PUT");
        let preflight = send(&server, &Method::OPTIONS, path, &[app, ask]);
        assert_eq!(preflight.status(), 204, "{path}");
        let headers = preflight.headers();
        assert_eq!(headers["access-control-allow-methods"], methods, "{path}");
        let preflight = send(&server, &Method::OPTIONS, path, &[evil, ask]);
        assert_eq!(preflight.status(), 405, "{path}");
    }
}
