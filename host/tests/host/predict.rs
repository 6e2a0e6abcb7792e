//! `POST /predict`.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};

use crate::{house, server::Server};

fn fields(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().unwrap().iter();
    errors
        .map(|error| {
            format!(
                "{} {}",
                error["field"].as_str().unwrap(),
                error["problem"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn answers_a_record_under_the_models_own_field() {
    let server = house::server();
    let (status, answer) = server.post_json("/predict", &house::record());
    assert_eq!(status, 200);
    let predicted = answer["predicted_count"].as_f64().unwrap();
    assert!((5.0..50.0).contains(&predicted), "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 1);
}

#[test]
fn ignores_other_keys_and_takes_integers_for_floats() {
    let server = house::server();
    let mut record = house::record();
    let (_, expected) = server.post_json("/predict", &record);
    record["dteday"] = json!("2011-01-01");
    record["windspeed"] = json!(0.0);
    record["cnt"] = json!(null);
    record["nested"] = json!({"temp": [1, 2, 3]});
    assert_eq!(server.post_json("/predict", &record), (200, expected));
}

#[test]
fn names_every_field_that_cannot_be_used() {
    let server = house::server();
    let mut record = house::record();
    record["temp"] = json!("warm");
    record["hum"] = json!(null);
    record.as_object_mut().unwrap().remove("hr");
    let body = record
        .to_string()
        .replacen("\"windspeed\":0", "\"windspeed\":NaN", 1);
    let (status, problem) = server.post_text("/predict", body);
    assert_eq!(status, 422);
    assert_eq!(
        fields(&problem),
        [
            "temp is a string, not a number",
            "hum is null",
            "windspeed is not a finite number",
            "hr is missing"
        ]
    );
    assert_eq!(problem["status"], 422);
    assert_eq!(problem["title"], "Unprocessable Entity");
}

#[test]
fn refuses_what_is_not_json_not_a_record_or_too_large() {
    let server = Server::start(house::model(), &["--record-limit", "1KiB"]);
    for (body, status) in [
        ("{\"temp\": 0.2", 400),
        ("", 400),
        ("[]", 422),
        ("\"text\"", 422),
        (&format!("{{\"a\": \"{}\"}}", "x".repeat(2000)), 413),
    ] {
        let (found, problem) = server.post_text("/predict", body);
        assert_eq!(found, status, "{body:.20}: {problem}");
        assert_eq!(problem["status"], status);
        assert!(!problem["detail"].as_str().unwrap().is_empty());
    }
    let request = server.post("/predict").header("content-type", "text/html");
    let response = request.body("{}").send().unwrap();
    assert_eq!(response.status(), 415);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
}

#[test]
fn refuses_an_announced_body_that_is_too_large_before_reading_it() {
    let server = house::server();
    let mut stream = server.connect();
    let head = "POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999999999\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
}

#[test]
fn answers_unknown_routes_and_methods_with_problems() {
    let server = house::server();
    let missing = server.get("/nowhere");
    assert_eq!(missing.status(), 404);
    assert_eq!(
        missing.headers()["content-type"],
        "application/problem+json"
    );
    let wrong = server.get("/predict");
    assert_eq!(wrong.status(), 405);
    assert_eq!(wrong.headers()["allow"], "POST");
    assert_eq!(wrong.json::<Value>().unwrap()["status"], 405);
}

#[test]
fn gives_every_answer_a_request_id_and_keeps_the_clients() {
    let server = house::server();
    let id = |response: reqwest::blocking::Response| response.headers()["x-request-id"].clone();
    let first = id(server.get("/health"));
    assert_ne!(first, id(server.get("/health")));
    let given = server
        .client
        .get(server.url("/health"))
        .header("x-request-id", "mine-1");
    assert_eq!(id(given.send().unwrap()), "mine-1");
    let long = server
        .client
        .get(server.url("/health"))
        .header("x-request-id", "x".repeat(500));
    assert_ne!(id(long.send().unwrap()).len(), 500);
}

#[test]
fn evaluations_that_drip_keep_nobody_out() {
    let arguments = ["--max-in-flight", "1", "--background-permits", "2"];
    let server = Server::start(house::model(), &arguments);
    let head = "POST /evaluate HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\nexpect: 100-continue\r\n\r\n";
    let uploads = [server.connect(), server.connect()].map(|mut upload| {
        upload.write_all(head.as_bytes()).unwrap();
        let mut interim = [0; 25];
        upload.read_exact(&mut interim).unwrap();
        upload
    });
    assert_eq!(server.post_json("/predict", &house::record()).0, 200);
    // Refused for what it is, not for want of a permit.
    assert_eq!(server.post_json("/evaluate", &json!({"data": []})).0, 422);
    drop(uploads);
}

#[test]
fn refuses_encoded_bodies() {
    let server = house::server();
    let request = server.post("/predict").header("content-encoding", "gzip");
    assert_eq!(request.body("x").send().unwrap().status(), 415);
}

#[test]
fn a_body_that_does_not_come_holds_no_permit() {
    let server = Server::start(house::model(), &["--max-in-flight", "1"]);
    let mut slow = server.connect();
    let body = house::record().to_string();
    let head = format!(
        "POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).unwrap();
    // The host asks for the body once it reads it.
    let mut interim = [0; 25];
    slow.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");

    assert_eq!(server.post_json("/predict", &house::record()).0, 200);

    slow.write_all(body.as_bytes()).unwrap();
    let mut status = [0; 12];
    slow.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
}
