//! What one client does costs no other one anything.

use std::time::Duration;

use canopy_auth::Role;

use crate::client::Connection;
use crate::server::{LARGE, Server};

/// A request with a body of this length, of which nothing has been sent.
fn begin(mut connection: Connection, path: &str, length: usize, more: &str) -> Connection {
    connection.send(&format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n{more}\r\n"
    ));
    connection
}

#[test]
fn a_body_that_does_not_come_holds_no_permit() {
    let server = Server::start(&[]);
    let mut waiting: Vec<Connection> = (0..16)
        .map(|_| begin(server.connect(), "/work", 5, ""))
        .collect();
    waiting.iter_mut().for_each(|it| assert!(it.send("h")));
    let mut other = begin(server.connect(), "/work", 5, "");
    other.send("hello");
    server.holding.recv().unwrap();
    server.service.release.add_permits(1);
    assert_eq!(other.answer("POST").text(), "hello");
    // Each is answered once its body is there.
    waiting[0].send("ello");
    server.holding.recv().unwrap();
    server.service.release.add_permits(1);
    assert_eq!(waiting[0].answer("POST").text(), "hello");
}

#[test]
fn a_body_must_keep_its_pace() {
    let server = Server::start(&["--body-timeout", "200ms", "--min-rate", "1MiB"]);
    let mut trickle = begin(server.connect(), "/echo", 1 << 20, "");
    while trickle.send("x") && !trickle.hears_within(Duration::from_millis(20)) {}
    let answer = trickle.answer("POST");
    assert_eq!(answer.status, 408);
    assert!(
        answer.text().contains("1048576 bytes per second"),
        "{}",
        answer.text()
    );
    // One that arrives at the rate may take longer than the timeout.
    let server = Server::start(&["--body-timeout", "100ms", "--min-rate", "1B"]);
    let mut steady = begin(server.connect(), "/echo", 6, "");
    for byte in ["s", "t", "e", "a", "d", "y"] {
        assert!(!steady.hears_within(Duration::from_millis(50)));
        steady.send(byte);
    }
    assert_eq!(steady.answer("POST").text(), "steady");
}

#[test]
fn a_response_that_is_read_too_slowly_is_cut_off() {
    let server = Server::start(&["--write-timeout", "200ms", "--min-rate", "1GiB"]);
    let mut trickle = server.connect();
    trickle.request("GET", "/large");
    let mut read = 0;
    while let Some(bytes) = trickle.read_some(1024) {
        read += bytes;
        // A pause in which nothing is read.
        assert!(!server.connect().hears_within(Duration::from_millis(10)));
    }
    assert!(read < LARGE, "all of it was read");
}

#[test]
fn a_user_within_his_share_is_served_while_another_one_floods() {
    let server = Server::with_users(&[]);
    let work = |role| {
        let key = format!("x-api-key: {}\r\n", server.key(role));
        let mut connection = begin(server.connect(), "/work", 5, &key);
        connection.send("hello");
        connection
    };
    // Three of the four permits.
    let flood: Vec<Connection> = (0..3).map(|_| work(Role::Predict)).collect();
    (0..3).for_each(|_| server.holding.recv().unwrap());
    assert_eq!(work(Role::Predict).answer("POST").status, 503);
    let mut other = work(Role::Evaluate);
    server.holding.recv().unwrap();
    server.service.release.add_permits(4);
    assert_eq!(other.answer("POST").status, 200);
    for mut connection in flood {
        assert_eq!(connection.answer("POST").status, 200);
    }
}

#[test]
fn an_address_leaves_connections_to_others() {
    let server = Server::start(&["--max-connections", "4", "--keep-alive", "1h"]);
    let mut held: Vec<Connection> = (0..3).map(|_| server.connect()).collect();
    for connection in &mut held {
        connection.request("GET", "/hold");
        server.holding.recv().unwrap();
    }
    // All of its connections are busy.
    server.connect().wait_for_end();
    let mut other = Connection::open_from_elsewhere(server.address);
    assert_eq!(other.ask("GET", "/open").status, 200);
    server.service.release.add_permits(3);
    for mut connection in held {
        assert_eq!(connection.answer("GET").status, 200);
    }
}

#[test]
fn what_has_no_room_in_memory_is_refused() {
    let server = Server::start(&["--memory", "8000000"]);
    let work = |length: usize| {
        let mut connection = begin(server.connect(), "/work", length, "");
        connection.send(&"x".repeat(length));
        connection
    };
    let mut one = work(5_000_000);
    server.holding.recv().unwrap();
    let answer = work(5_000_000).answer("POST");
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
    // What never fits is refused for good.
    let answer = work(9_000_000).answer("POST");
    assert_eq!(answer.status, 413);
    assert!(answer.text().contains("--memory"), "{}", answer.text());
    server.service.release.add_permits(2);
    assert_eq!(one.answer("POST").status, 200);
    // It is free again.
    assert_eq!(work(5_000_000).answer("POST").status, 200);
}

#[test]
fn a_large_response_takes_memory_until_it_has_been_read() {
    let server = Server::start(&["--memory", "40000000"]);
    let mut reader = server.connect();
    reader.request("GET", "/large");
    assert!(reader.hears_within(Duration::from_secs(60)));
    assert_eq!(server.get("/large", &[]).status, 503);
    assert_eq!(reader.answer("GET").body.len(), LARGE);
    assert_eq!(server.get("/large", &[]).status, 200);
}
