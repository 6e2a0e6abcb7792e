//! The request id.

use std::panic;
use std::sync::{Mutex, PoisonError};

use canopy_telemetry::context;

use crate::server::Server;

#[test]
fn a_request_keeps_its_id_if_that_is_reasonable() {
    let server = Server::start(&[]);
    let id = |given: &str| {
        let answer = server.get("/nothing", &[("x-request-id", given)]);
        answer.header("x-request-id").unwrap().to_owned()
    };
    for reasonable in ["a", "4711-ABC/x:y", &"x".repeat(128)] {
        assert_eq!(id(reasonable), reasonable);
    }
    for unreasonable in ["", "a b", "\u{e9}", &"x".repeat(129)] {
        let made = id(unreasonable);
        assert_ne!(made, unreasonable);
        assert_ne!(made, id(unreasonable), "an id names one request");
    }
}

#[test]
fn a_panic_is_answered_and_knows_the_request_it_belongs_to() {
    static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let log = panic::take_hook();
    panic::set_hook(Box::new(move |panic| match context::current() {
        Some(request) => {
            let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
            panics.push(request.id.clone());
        }
        None => log(panic),
    }));
    let server = Server::start(&[]);
    let mut connection = server.connect();
    for id in ["first", "second"] {
        connection.send(&format!(
            "GET /panic HTTP/1.1\r\nhost: localhost\r\nx-request-id: {id}\r\n\r\n"
        ));
        let answer = connection.answer("GET");
        assert_eq!(answer.status, 500);
        assert_eq!(answer.header("x-request-id"), Some(id));
        let detail = answer.json()["detail"].to_string();
        assert!(!detail.contains("purpose"), "{detail}");
    }
    assert_eq!(*PANICS.lock().unwrap(), ["first", "second"]);
    // The connection and its thread survive.
    assert_eq!(connection.ask("GET", "/open").status, 200);
}
