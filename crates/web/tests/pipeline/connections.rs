//! Timeouts of connections, and which one is closed when there are too many.
//!
//! To show that something does not happen within a time, another connection is used, whose end
//! takes that time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Connection;
use crate::server::{LARGE, Server};

/// A connection that is idle after one response.
fn idle(server: &Server) -> Connection {
    let mut connection = server.connect();
    assert_eq!(connection.ask("GET", "/open").status, 200);
    connection
}

#[test]
fn an_idle_connection_is_closed_after_its_time_and_no_sooner() {
    let server = Server::start(&["--keep-alive", "300ms"]);
    let mut connection = server.connect();
    // Every request restarts the timeout.
    for _ in 0..3 {
        assert_eq!(connection.ask("GET", "/open").status, 200);
        assert!(!connection.hears_within(Duration::from_millis(150)));
    }
    let start = Instant::now();
    assert_eq!(connection.ask("GET", "/open").status, 200);
    connection.wait_for_end();
    // Timeouts are measured in whole milliseconds.
    assert!(start.elapsed() >= Duration::from_millis(299));
}

#[test]
fn a_head_that_takes_too_long_is_not_waited_for() {
    let server = Server::start(&["--keep-alive", "1h", "--header-timeout", "500ms"]);
    // On a new connection and on a used one, with and without the beginning of a head.
    server.connect().wait_for_end();
    let begin = "GET /open HT";
    for mut connection in [server.connect(), idle(&server)] {
        let start = Instant::now();
        connection.send(begin);
        connection.wait_for_end();
        assert!(start.elapsed() >= Duration::from_millis(400));
    }
    // A slow trickle of bytes makes no difference.
    let mut connection = server.connect();
    while connection.send("G") && !connection.hears_within(Duration::from_millis(20)) {}
    connection.wait_for_end();
}

#[test]
fn a_connection_whose_answer_is_being_read_is_not_idle() {
    let server = Server::start(&["--keep-alive", "100ms"]);
    let mut reader = server.connect();
    reader.request("GET", "/large");
    assert!(reader.hears_within(Duration::from_secs(60)));
    // While the rest of the response is unread, for as long as the idle timeout.
    idle(&server).wait_for_end();
    idle(&server).wait_for_end();
    assert_eq!(reader.answer("GET").body.len(), LARGE);
    reader.wait_for_end();
}

#[test]
fn a_connection_whose_refused_body_still_arrives_is_not_idle() {
    const HALF: usize = 1 << 20;
    let server = Server::start(&["--keep-alive", "300ms"]);
    let mut sender = server.connect();
    sender.send(&format!(
        "POST /refuse HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n",
        2 * HALF
    ));
    sender.send(&"x".repeat(HALF));
    assert_eq!(sender.answer("POST").status, 409);
    idle(&server).wait_for_end();
    idle(&server).wait_for_end();
    let next = "GET /open HTTP/1.1\r\nhost: localhost\r\n\r\n";
    assert!(sender.send(&("x".repeat(HALF) + next)));
    assert_eq!(sender.answer("GET").status, 200);
    sender.wait_for_end();
}

#[test]
fn a_refused_body_is_not_taken_for_the_head_of_a_request() {
    let server = Server::start(&["--keep-alive", "1h", "--header-timeout", "500ms"]);
    let mut sender = server.connect();
    sender.send("POST /refuse HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhello");
    assert_eq!(sender.answer("POST").status, 409);
    sender.send("hello");
    server.connect().wait_for_end();
    server.connect().wait_for_end();
    assert_eq!(sender.ask("GET", "/open").status, 200);
}

#[test]
fn a_new_client_is_let_in_where_the_connection_idle_longest_is() {
    let server = Server::start(&["--max-connections", "2", "--keep-alive", "1h"]);
    let (mut first, mut second) = (idle(&server), idle(&server));
    // The first one has been used more recently.
    assert!(!second.hears_within(Duration::from_millis(2)));
    assert_eq!(first.ask("GET", "/open").status, 200);
    let mut third = idle(&server);
    second.wait_for_end();
    assert_eq!(first.ask("GET", "/open").status, 200);
    assert_eq!(third.ask("GET", "/open").status, 200);
}

#[test]
fn a_connection_has_time_for_its_first_request_before_it_is_closed_for_another_one() {
    let server = Server::start(&["--max-connections", "1", "--keep-alive", "1h"]);
    let mut first = server.connect();
    let mut waiting = server.connect();
    waiting.request("GET", "/open");
    assert!(!waiting.hears_within(Duration::from_millis(200)));
    assert_eq!(first.ask("GET", "/open").status, 200);
    assert_eq!(waiting.answer("GET").status, 200);
    first.wait_for_end();
    // One that sends nothing does not keep others out.
    let silent = server.connect();
    assert_eq!(server.connect().ask("GET", "/open").status, 200);
    drop(silent);
}

#[test]
fn a_busy_connection_is_never_closed_for_another_one() {
    let server = Server::start(&["--max-connections", "1", "--keep-alive", "1h"]);
    let mut busy = server.connect();
    busy.request("GET", "/hold");
    server.holding.recv().unwrap();
    let mut waiting = server.connect();
    waiting.request("GET", "/open");
    assert!(!waiting.hears_within(Duration::from_millis(200)));
    server.service.release.add_permits(1);
    assert_eq!(busy.answer("GET").status, 200);
    assert_eq!(waiting.answer("GET").status, 200);
    busy.wait_for_end();
}

#[test]
fn an_answer_that_is_being_read_is_finished_before_its_connection_goes() {
    let server = Server::start(&["--max-connections", "1", "--keep-alive", "1h"]);
    let mut reader = server.connect();
    reader.request("GET", "/large");
    assert!(reader.hears_within(Duration::from_secs(60)));
    let mut waiting = server.connect();
    waiting.request("GET", "/open");
    assert!(!waiting.hears_within(Duration::from_millis(200)));
    assert_eq!(reader.answer("GET").body.len(), LARGE);
    assert_eq!(waiting.answer("GET").status, 200);
}

#[test]
fn a_request_that_arrives_while_its_connection_is_closed_is_answered_or_not_begun() {
    let server = Server::start(&["--max-connections", "1", "--keep-alive", "1h"]);
    let address = server.address;
    let answered = AtomicUsize::new(0);
    let refused = AtomicUsize::new(0);
    // Each client displaces the other, and sends its request on a connection that may be closing.
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let mut connection = Connection::open(address);
                    for _ in 0..4 {
                        connection.request("POST", "/count");
                        if connection.try_answer("POST").is_none() {
                            refused.fetch_add(1, Ordering::Relaxed);
                            break;
                        }
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let begun = server.service.begun.load(Ordering::Relaxed);
    assert_eq!(begun, answered.load(Ordering::Relaxed));
    assert!(refused.load(Ordering::Relaxed) > 0, "none was pushed out");
}

#[test]
fn requests_that_are_sent_ahead_are_answered_in_order() {
    let server = Server::start(&["--keep-alive", "100ms"]);
    let mut connection = server.connect();
    let ask = |name: u32| format!("GET /items/{name} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    connection.send(&(0..50).map(ask).collect::<String>());
    for name in 0..50 {
        assert_eq!(connection.answer("GET").json()["name"], name.to_string());
    }
    connection.wait_for_end();
}
