//! Starting, swapping and stopping.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;
use tempfile::TempDir;

use crate::house;
use crate::server::{Server, run};

fn digest(server: &Server) -> String {
    let model: Value = server.get("/model").json().unwrap();
    model["component"]["digest"].as_str().unwrap().to_owned()
}

#[test]
fn wrong_settings_end_with_one_clear_line_and_without_listening() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let component = fs::read(house::model()).unwrap();
    let taken = house::server();
    let model = house::model().to_str().unwrap();
    for (arguments, words) in [
        (
            ["--model", "nowhere.wasm", "--log", "off"],
            "cannot read the model nowhere.wasm",
        ),
        (
            [
                "--model",
                &file("random", b"\x00random bytes"),
                "--log",
                "off",
            ],
            "not a WebAssembly component",
        ),
        (
            [
                "--model",
                &file("cut", &component[..component.len() / 2]),
                "--log",
                "off",
            ],
            "not a WebAssembly component",
        ),
        (
            [
                "--model",
                &file("module", b"\x00asm\x01\x00\x00\x00"),
                "--log",
                "off",
            ],
            "not a WebAssembly component",
        ),
        (
            [
                "--model",
                &file("empty", b"\x00asm\x0d\x00\x01\x00"),
                "--log",
                "off",
            ],
            "does not export canopy:model/inference",
        ),
        (
            ["--model", model, "--listen", &taken.address],
            "cannot listen on",
        ),
        (["--model", model, "--log", "=="], "is not a log filter"),
        (
            ["--model", model, "--max-in-flight", "0"],
            "expected a whole number",
        ),
        (
            ["--model", model, "--model-memory", "1TiB"],
            "expected a size from 1MiB to 4GiB",
        ),
    ] {
        let (success, _, error) = run(&[&["serve"], &arguments[..]].concat());
        assert!(!success, "{arguments:?}");
        assert!(error.contains(words), "{words:?} is not in {error:?}");
        assert_eq!(error.matches(words).count(), 1, "{error:?}");
        assert!(!error.contains("panicked"), "{error:?}");
    }
}

#[test]
fn hangup_swaps_the_model_while_serving() {
    let folder = TempDir::new().unwrap();
    let model = folder.path().join("model.wasm");
    fs::copy(house::model(), &model).unwrap();
    let server = Server::start(&model, &["--watch-interval", "1h"]);
    let first = digest(&server);

    house::replace(&model, "2.0.0");
    server.signal("-HUP");
    server.await_log("model swapped");
    assert_ne!(digest(&server), first);
    assert_eq!(
        server.metric("model_swaps_total{outcome=\"swapped\"}"),
        Some(1.0)
    );
    server.post_json("/predict", &house::record());
    assert_eq!(
        server.metric("prediction_requests_total{model_version=\"2.0.0\"}"),
        Some(1.0)
    );
}

#[test]
fn a_replaced_file_is_swapped_in_without_being_told() {
    let folder = TempDir::new().unwrap();
    let model = folder.path().join("model.wasm");
    fs::copy(house::model(), &model).unwrap();
    let server = Server::start(&model, &["--watch-interval", "20ms"]);
    let first = digest(&server);
    house::replace(&model, "2.0.0");
    server.await_log("model swapped");
    assert_ne!(digest(&server), first);
    // The new model has instances before it serves.
    assert!(server.metric("model_instances").unwrap() >= 1.0);
    assert!(server.metric("model_memory_bytes").unwrap() > 1e6);
}

#[test]
fn rejected_swap_keeps_serving_the_old_model() {
    let folder = TempDir::new().unwrap();
    let model = folder.path().join("model.wasm");
    fs::copy(house::model(), &model).unwrap();
    let server = Server::start(&model, &["--watch-interval", "20ms"]);
    let first = digest(&server);

    fs::write(&model, b"no component").unwrap();
    let line = server.await_log("model not swapped; the old version continues to serve");
    assert!(
        line["error"]
            .as_str()
            .unwrap()
            .contains("not a WebAssembly component"),
        "{line}"
    );
    assert_eq!(digest(&server), first);
    assert_eq!(
        server.metric("model_swaps_total{outcome=\"rejected\"}"),
        Some(1.0)
    );
    assert_eq!(server.post_json("/predict", &house::record()).0, 200);
}

#[test]
fn a_terminated_host_finishes_the_request_in_flight() {
    let mut server = house::server();
    let mut stream = server.connect();
    let body = house::record().to_string();
    let head = format!(
        "POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();

    server.signal("-TERM");
    server.await_log("accepting no more connections");
    assert!(
        TcpStream::connect(&server.address).is_err(),
        "it still accepts connections"
    );
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("predicted_count"), "{answer}");
    assert!(server.process.wait().unwrap().success());
}

#[test]
fn a_second_signal_does_not_wait_for_requests_in_flight() {
    let mut server = house::server();
    let mut stream = server.connect();
    stream
        .write_all(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n")
        .unwrap();
    server.signal("-TERM");
    server.await_log("accepting no more connections");
    server.signal("-TERM");
    assert!(server.process.wait().unwrap().success());
}

#[test]
fn a_draining_host_says_that_it_is_not_ready() {
    let server = Server::start(house::model(), &["--shutdown-grace", "60s"]);
    server.signal("-TERM");
    server.await_log("stopping");
    let ready = server.get("/ready");
    assert_eq!(ready.status(), 503);
    assert_eq!(ready.headers()["connection"], "close");
    assert_eq!(server.post_json("/predict", &house::record()).0, 200);
}

#[test]
fn clients_that_do_not_read_are_cut_off() {
    let server = Server::start(
        house::model(),
        &["--max-connections", "1", "--write-timeout", "300ms"],
    );
    let mut stream = server.connect();
    for _ in 0..8 {
        let request = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request).unwrap();
    }
    // Answered once the connection of the other client is closed.
    assert_eq!(server.get("/health").status(), 200);
}

#[test]
fn slow_senders_are_cut_off() {
    let server = Server::start(
        house::model(),
        &["--header-timeout", "300ms", "--body-timeout", "300ms"],
    );
    let mut head = server.connect();
    head.write_all(b"POST /predict HT").unwrap();
    let mut answer = Vec::new();
    head.read_to_end(&mut answer).unwrap();

    let mut body = server.connect();
    body.write_all(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{")
        .unwrap();
    let mut status = [0; 12];
    body.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 408");
}
