//! What a request may hold.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::house;
use crate::server::{PATIENCE, Server};

#[test]
fn batches_and_evaluations_have_a_most_number_of_records() {
    let server = Server::start(house::model(), &["--max-rows", "2"]);
    let mut record = house::record();
    let csv = |count: usize| {
        let fields = record.as_object().unwrap();
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        let values: Vec<String> = fields.values().map(Value::to_string).collect();
        let line = format!("{}\n", values.join(","));
        format!("{}\n{}", names.join(","), line.repeat(count))
    };
    let (enough, many) = (csv(2), csv(3));
    record["cnt"] = json!(16);
    let records = |count: usize| json!(vec![&record; count]);
    for (count, status) in [(2, 200), (3, 413), (1000, 413)] {
        let (found, _) = server.post_json("/predict/batch", &records(count));
        assert_eq!(found, status, "{count} records");
        let (found, answer) = server.post_json("/evaluate", &json!({"data": records(count)}));
        assert_eq!(found, status, "{count} labelled records");
        if status == 413 {
            let detail = answer["detail"].as_str().unwrap();
            assert!(detail.contains("more than 2 records"), "{detail}");
        }
    }
    for (body, status) in [(enough, 200), (many, 413)] {
        let request = server
            .post("/predict/batch")
            .header("content-type", "text/csv");
        assert_eq!(request.body(body).send().unwrap().status(), status);
    }
}

#[test]
fn a_long_head_is_refused() {
    let server = house::server();
    for (length, status) in [(30_000, "200"), (200_000, "431")] {
        let mut stream = server.connect();
        let filling = "a".repeat(length);
        let head = format!(
            "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-filling: {filling}\r\n\r\n"
        );
        // The host does not read on once it has refused.
        let _ = stream.write_all(head.as_bytes());
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer[9..], status.as_bytes());
    }
    let mut stream = server.connect();
    let head = format!(
        "GET /health HTTP/1.1\r\nhost: x\r\n{}\r\n",
        "x-more: 1\r\n".repeat(200)
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 431");
}

#[test]
fn json_is_nested_only_so_deep_on_every_route() {
    let server = house::server();
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let mut record = house::record();
    record["cnt"] = json!(16);
    let with = |levels: usize| {
        // A field that no route reads.
        let text = record.to_string();
        format!(
            "{}, \"more\": {}}}",
            text.trim_end_matches('}'),
            deep(levels)
        )
    };
    let inference = |levels: usize| {
        let input = json!({"name": "x", "shape": [1, 11], "datatype": "FP64", "data": vec![0; 11]});
        format!(r#"{{"inputs": [{input}], "more": {}}}"#, deep(levels))
    };
    let name = "bike-sharing";
    for (levels, status) in [(100, 200), (200, 400), (50_000, 400)] {
        let one = with(levels);
        for (path, body) in [
            ("/predict".to_owned(), one.clone()),
            ("/predict/batch".to_owned(), format!("[{one}]")),
            ("/evaluate".to_owned(), format!(r#"{{"data": [{one}]}}"#)),
            (format!("/models/{name}/predict"), one.clone()),
            (format!("/v2/models/{name}/infer"), inference(levels)),
        ] {
            let (found, answer) = server.post_text(&path, body);
            assert_eq!(found, status, "{path}, {levels} levels: {answer}");
            if status == 400 {
                let said = answer.get("detail").or(answer.get("error")).unwrap();
                let said = said.as_str().unwrap();
                assert!(
                    said.contains("nested deeper than 127 levels"),
                    "{path}: {said}"
                );
            }
        }
    }
    // Wherever it is, closed or not.
    let nested = deep(400_000);
    for (path, body) in [
        ("/predict", nested.clone()),
        ("/predict", format!(r#"{{"temp": {nested}}}"#)),
        ("/predict", "[".repeat(400_000)),
        ("/predict/batch", nested.clone()),
        ("/evaluate", format!(r#"{{"data": {nested}}}"#)),
        ("/evaluate", format!(r#"{{"drift_methods": {nested}}}"#)),
    ] {
        let (status, _) = server.post_text(path, body);
        assert_eq!(status, 400, "{path}");
    }
}

#[test]
fn a_connection_beyond_the_limit_takes_the_place_of_an_idle_one() {
    let server = Server::start(house::model(), &["--max-connections", "1"]);
    let ask = |stream: &mut TcpStream| stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut answer = [0; 12];
    let mut first = server.connect();
    ask(&mut first).unwrap();
    first.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");

    let mut second = server.connect();
    ask(&mut second).unwrap();
    second.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let mut rest = Vec::new();
    first.read_to_end(&mut rest).unwrap();
    assert!(rest.ends_with(br#"{"status":"ok"}"#), "{rest:?}");
}

#[test]
fn a_connection_beyond_the_limit_waits_while_no_other_is_idle() {
    let server = Server::start(house::model(), &["--max-connections", "1"]);
    let body = house::record().to_string();
    let head = format!(
        "POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut first = server.connect();
    first.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; 25];
    first.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");

    let mut answer = [0; 12];
    let mut second = server.connect();
    second
        .write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    second
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    assert!(
        second.read(&mut answer).is_err(),
        "the first is still being answered"
    );
    first.write_all(body.as_bytes()).unwrap();
    first.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    second.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}
