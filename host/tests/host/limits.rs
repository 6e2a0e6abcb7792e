//! What a request may hold.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};

use crate::house;
use crate::server::Server;

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
fn deep_nesting_costs_nothing() {
    let server = house::server();
    let depth = 400_000;
    let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (path, body, status) in [
        ("/predict", nested.clone(), 422),
        ("/predict/batch", nested.clone(), 422),
        ("/predict", format!("{{\"temp\": {nested}}}"), 422),
        ("/evaluate", format!("{{\"data\": {nested}}}"), 422),
        ("/evaluate", format!("{{\"drift_methods\": {nested}}}"), 422),
        ("/predict", "[".repeat(depth), 422),
    ] {
        let (found, _) = server.post_text(path, body.as_str());
        assert_eq!(found, status, "{path} {body:.40}");
    }
    // What is ignored may nest as it likes: it is skipped, not read.
    let mut record = house::record().to_string();
    record.truncate(record.len() - 1);
    let (status, _) = server.post_text("/predict", format!("{record}, \"note\": {nested}}}"));
    assert_eq!(status, 200);
}
