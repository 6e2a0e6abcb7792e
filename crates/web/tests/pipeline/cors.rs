//! Cross-origin resource sharing.

use canopy_auth::Role;

use crate::client::Answer;
use crate::server::Server;

const APP: (&str, &str) = ("origin", "https://app.example");
const EVIL: (&str, &str) = ("origin", "https://evil.example");
const ASKS: (&str, &str) = ("access-control-request-method", "DELETE");

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[test]
fn a_page_of_an_allowed_origin_is_let_in_and_may_read_the_answer() {
    let server = Server::start(&["--cors-origin", "https://app.example"]);
    for (path, method) in [("/echo", "POST"), ("/open", "GET"), ("/nothing", "GET")] {
        let site = ("sec-fetch-site", "cross-site");
        let answer = server.send((method, path), &[APP, site], "");
        assert_ne!(answer.status, 403);
        assert_eq!(allowed(&answer), Some("https://app.example"), "{path}");
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("x-request-id"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.all("vary"), "origin");
    }
    let evil = server.send(("POST", "/echo"), &[EVIL], "");
    assert_eq!((evil.status, allowed(&evil)), (403, None));
    // Tells caches that responses differ by origin.
    assert_eq!(evil.all("vary"), "origin");
    let evil = server.get("/open", &[EVIL]);
    assert_eq!((evil.status, allowed(&evil)), (200, None));
    // A name that resolves here does not become an allowed one.
    let rebound = server.send(("POST", "/echo"), &[APP, ("host", "evil.example")], "");
    assert_eq!(rebound.status, 403);
}

#[test]
fn a_preflight_is_answered_from_the_table_without_a_credential() {
    for server in [
        Server::start(&["--cors-origin", "https://app.example"]),
        Server::with_users(&["--cors-origin", "https://app.example"]),
    ] {
        for (path, methods) in [
            ("/items/one", "GET,HEAD,DELETE"),
            ("/echo", "POST"),
            ("/open", "GET,HEAD"),
        ] {
            let answer = server.send(("OPTIONS", path), &[APP, ASKS], "");
            assert_eq!(answer.status, 204, "{path}");
            assert_eq!(allowed(&answer), Some("https://app.example"));
            let found = answer.header("access-control-allow-methods");
            assert_eq!(found, Some(methods), "{path}");
            let headers = answer.header("access-control-allow-headers").unwrap();
            for header in ["authorization", "content-type", "x-api-key"] {
                assert!(headers.contains(header), "{headers}");
            }
            assert!(answer.header("access-control-max-age").is_some());
            assert_eq!(answer.header("access-control-allow-credentials"), None);
        }
        let is_open = server.keys.is_empty();
        for (path, headers) in [
            ("/echo", &[EVIL, ASKS][..]),
            ("/echo", &[APP]),
            ("/echo", &[ASKS]),
            ("/nothing", &[APP, ASKS]),
        ] {
            let answer = server.send(("OPTIONS", path), headers, "");
            let status = match (is_open, path) {
                (false, _) => 401,
                (true, "/nothing") => 404,
                (true, _) => 405,
            };
            assert_eq!(answer.status, status, "{path} {headers:?}");
            assert_eq!(answer.header("access-control-allow-methods"), None);
        }
    }
}

#[test]
fn a_page_may_read_how_it_was_refused() {
    let server = Server::with_users(&["--cors-origin", "https://app.example"]);
    let answer = server.send(("POST", "/echo"), &[APP], "");
    assert_eq!((answer.status, allowed(&answer)), (401, Some(APP.1)));
    let key = ("x-api-key", server.key(Role::Predict));
    let answer = server.send(("PUT", "/upload"), &[APP, key], "");
    assert_eq!((answer.status, allowed(&answer)), (403, Some(APP.1)));
}

#[test]
fn every_origin_may_be_allowed_but_never_with_the_browsers_credentials() {
    let server = Server::start(&["--cors-origin", "*"]);
    for origin in [APP, EVIL, ("origin", "null")] {
        let answer = server.send(("POST", "/echo"), &[origin], "");
        assert_eq!((answer.status, allowed(&answer)), (200, Some("*")));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        let answer = server.send(("OPTIONS", "/items/one"), &[origin, ASKS], "");
        assert_eq!((answer.status, allowed(&answer)), (204, Some("*")));
    }
}

#[test]
fn without_origins_no_page_is_told_anything() {
    let server = Server::start(&[]);
    let answer = server.get("/open", &[APP]);
    assert_eq!((answer.status, allowed(&answer)), (200, None));
    assert_eq!(answer.header("vary"), None);
    let answer = server.send(("OPTIONS", "/echo"), &[APP, ASKS], "");
    assert_eq!((answer.status, allowed(&answer)), (405, None));
}
