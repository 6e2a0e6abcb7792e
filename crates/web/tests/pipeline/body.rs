//! Request bodies: reading, rejecting and discarding them.

use canopy_auth::Role;

use crate::server::Server;

/// Size of a body that exceeds the buffers of a connection.
const BODY_SIZE: usize = 8 << 20;

fn head(method: &str, path: &str, length: usize, more: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n{more}\r\n")
}

#[test]
fn a_client_that_waits_is_told_to_send_a_body_that_is_read() {
    let server = Server::start(&[]);
    let mut connection = server.connect();
    connection.send(&head("POST", "/echo", 5, "expect: 100-continue\r\n"));
    assert_eq!(connection.answer("POST").status, 100);
    connection.send("hello");
    assert_eq!(connection.answer("POST").text(), "hello");
    assert_eq!(connection.ask("GET", "/open").status, 200);
}

#[test]
fn a_client_that_waits_is_refused_without_its_body() {
    let server = Server::with_users(&[]);
    let key = format!("x-api-key: {}\r\n", server.key(Role::Predict));
    let expect = "expect: 100-continue\r\n";
    for (path, more, length, status) in [
        ("/echo", String::new(), 5, 401),
        ("/refuse", key.clone(), 5, 409),
        ("/echo", key.clone(), 2 << 20, 413),
        ("/nothing", key, 5, 404),
    ] {
        let mut connection = server.connect();
        connection.send(&head("POST", path, length, &format!("{expect}{more}")));
        assert_eq!(connection.answer("POST").status, status, "{path}");
    }
}

#[test]
fn a_refused_body_is_discarded_and_its_connection_goes_on() {
    let server = Server::start(&[]);
    for (method, path, more, status) in [
        ("POST", "/refuse", "", 409),
        ("PUT", "/upload", "", 413),
        ("POST", "/echo", "sec-fetch-site: cross-site\r\n", 403),
        ("POST", "/nothing", "", 404),
        // An unknown expectation; the body follows immediately.
        ("POST", "/refuse", "expect: the-unexpected\r\n", 409),
    ] {
        let mut connection = server.connect();
        connection.send(&head(method, path, BODY_SIZE, more));
        assert!(connection.send(&"x".repeat(BODY_SIZE)), "{path}");
        assert_eq!(connection.answer(method).status, status, "{path}");
        assert_eq!(connection.ask("GET", "/open").status, 200, "{path}");
    }
}

#[test]
fn a_body_of_unknown_length_is_read_up_to_the_limit() {
    let server = Server::start(&[]);
    let chunked = "POST /echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut connection = server.connect();
    connection.send(&format!("{chunked}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"));
    assert_eq!(connection.answer("POST").text(), "hello");
    connection.send(&format!("{chunked}200000\r\n"));
    connection.send(&"x".repeat(2 << 20));
    connection.send("\r\n0\r\n\r\n");
    assert_eq!(connection.answer("POST").status, 413);
    assert_eq!(connection.ask("GET", "/open").status, 200);
}

#[test]
fn a_body_that_takes_too_long_is_not_waited_for() {
    let server = Server::start(&["--body-timeout", "100ms"]);
    let mut connection = server.connect();
    connection.send(&head("POST", "/echo", 5, ""));
    connection.send("hel");
    assert_eq!(connection.answer("POST").status, 408);
}
