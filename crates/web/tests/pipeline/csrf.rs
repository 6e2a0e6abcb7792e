//! Protection against cross-site request forgery.

use canopy_auth::Role;

use crate::server::{Server, routes};

/// Headers that only requests from pages of other sites have.
const FOREIGN: [(&str, &str); 6] = [
    ("origin", "https://evil.example"),
    ("origin", "null"),
    ("origin", "http://localhost:3000"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
    ("host", "evil.example"),
];

#[test]
fn without_users_no_route_changes_anything_for_another_site() {
    let server = Server::start(&[]);
    let unknown = [("POST", "/nothing".to_owned()), ("PUT", "/open".to_owned())];
    let known = routes().map(|(method, path, _)| (method.as_str(), path));
    for (method, path) in known.chain(unknown) {
        if path == "/hold" || path == "/large" {
            continue;
        }
        for header in FOREIGN {
            let answer = server.send((method, &path), &[header], "");
            let is_refused = answer.status == 403;
            assert_eq!(is_refused, method != "GET", "{method} {path} {header:?}");
            if is_refused {
                // The program's own form.
                assert_eq!(answer.json()["path"], path);
            }
        }
        for own in [
            ("origin", "http://localhost"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("host", "127.0.0.1:1"),
            ("host", "[::1]:1"),
            ("host", "LOCALHOST:8080"),
        ] {
            let answer = server.send((method, &path), &[own], "");
            assert_ne!(answer.status, 403, "{method} {path} {own:?}");
        }
    }
}

#[test]
fn a_host_that_cannot_be_read_or_comes_twice_is_another_one() {
    let server = Server::start(&[]);
    for hosts in [
        &[("host", "evil\u{e9}.example")][..],
        &[("host", "localhost"), ("host", "evil.example")],
        &[("host", "localhost.evil.example")],
        &[("host", "127.0.0.1.evil.example")],
        &[("host", "")],
    ] {
        let answer = server.send(("POST", "/echo"), hosts, "");
        assert_eq!(answer.status, 403, "{hosts:?}");
    }
}

#[test]
fn a_host_that_is_published_under_a_name_is_asked_under_it() {
    let server = Server::start(&["--allowed-host", "ml.example,other.example"]);
    let status = |headers: &[(&str, &str)]| server.send(("POST", "/echo"), headers, "").status;
    assert_eq!(status(&[("host", "ml.example")]), 200);
    assert_eq!(status(&[("host", "ML.example:8443")]), 200);
    assert_eq!(status(&[("host", "evil.example")]), 403);
    // Proxies that use this machine's name, or omit the port.
    let page = ("origin", "http://ml.example:8443");
    assert_eq!(status(&[page]), 200);
    assert_eq!(status(&[page, ("host", "ml.example")]), 200);
    assert_eq!(status(&[page, ("sec-fetch-site", "cross-site")]), 403);
    assert_eq!(status(&[("origin", "http://ml.example.evil.example")]), 403);
}

#[test]
fn where_other_machines_can_ask_the_names_they_use_are_theirs() {
    let server = Server::launch(&["--insecure"], false);
    for (header, status) in [
        (("host", "any.example"), 200),
        (("origin", "https://evil.example"), 403),
        (("sec-fetch-site", "cross-site"), 403),
    ] {
        let answer = server.send(("POST", "/echo"), &[header], "");
        assert_eq!(answer.status, status, "{header:?}");
    }
}

#[test]
fn with_users_a_key_is_proof_enough() {
    let server = Server::with_users(&[]);
    let key = ("x-api-key", server.key(Role::Admin));
    for foreign in FOREIGN {
        let answer = server.send(("POST", "/echo"), &[foreign, key], "x");
        assert_eq!(answer.status, 200, "{foreign:?}");
        let answer = server.send(("POST", "/echo"), &[foreign], "x");
        assert_eq!(answer.status, 401, "{foreign:?}");
    }
}
