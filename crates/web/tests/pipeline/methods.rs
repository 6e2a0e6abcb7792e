//! Methods, paths and the headers of every response.

use crate::server::{Server, routes};

#[test]
fn head_is_get_without_the_body() {
    let server = Server::start(&[]);
    let gets = routes().filter(|(method, ..)| *method == "GET");
    for (_, path, _) in gets.filter(|(_, path, _)| path != "/hold") {
        let mut connection = server.connect();
        let head = connection.ask("HEAD", &path);
        // Only the next response follows on the connection.
        let get = connection.ask("GET", &path);
        assert_eq!(head.status, get.status, "{path}");
        let length = get.body.len().to_string();
        for answer in [head, get] {
            let found = answer.header("content-length");
            assert_eq!(found, Some(length.as_str()), "{path}");
        }
    }
    for path in ["/echo", "/nothing"] {
        let mut connection = server.connect();
        let status = if path == "/echo" { 405 } else { 404 };
        assert_eq!(connection.ask("HEAD", path).status, status);
        assert_eq!(connection.ask("GET", path).status, status);
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let server = Server::start(&[]);
    for (method, path, allow) in [
        ("POST", "/open", "GET,HEAD"),
        ("GET", "/echo", "POST"),
        ("BREW", "/items/tea", "GET,HEAD,DELETE"),
        ("OPTIONS", "/items/tea", "GET,HEAD,DELETE"),
    ] {
        let answer = server.send((method, path), &[], "");
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
        assert_eq!(answer.json()["path"], path);
    }
}

#[test]
fn paths_are_taken_as_they_are_and_parameters_decoded() {
    let server = Server::start(&[]);
    let name = |path: &str| {
        let answer = server.get(path, &[]);
        (answer.status == 200).then(|| answer.json()["name"].clone())
    };
    assert_eq!(name("/items/a%20b?c"), Some("a b".into()));
    assert_eq!(name("/items/..%2Fopen"), Some("../open".into()));
    for path in [
        "/items/%ff",
        "/items/",
        "/items/a/b",
        "//items/a",
        "/Items/a",
    ] {
        assert_eq!(name(path), None, "{path}");
    }
    assert_eq!(name("http://localhost/items/a"), Some("a".into()));
    assert_eq!(server.send(("OPTIONS", "*"), &[], "").status, 404);
}

#[test]
fn every_answer_tells_browsers_to_be_careful() {
    let server = Server::start(&[]);
    for (method, path) in [
        ("GET", "/open"),
        ("GET", "/nothing"),
        ("PUT", "/open"),
        ("GET", "/panic"),
    ] {
        let answer = server.send((method, path), &[], "");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'"), "{path}");
    }
}
