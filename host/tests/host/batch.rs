//! `POST /predict/batch`.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use serde_json::{Value, json};

use crate::{house, server::Server};

const ARROW: &str = "application/vnd.apache.arrow.stream";

fn post(server: &Server, media_type: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
    let request = server
        .post("/predict/batch")
        .header("content-type", media_type);
    let response = request.body(body).send().unwrap();
    let status = response.status().as_u16();
    if status == 200 {
        assert_eq!(response.headers()["content-type"], media_type);
    }
    (status, response.bytes().unwrap().to_vec())
}

fn csv(records: &[Value]) -> Vec<u8> {
    let mut text = format!("dteday,{}\n", house::FEATURES.join(","));
    for record in records {
        let fields = house::FEATURES.map(|name| record[name].to_string());
        writeln!(text, "2011-01-01,{}", fields.join(",")).unwrap();
    }
    text.into_bytes()
}

/// Two record batches; `hr` as integers, the rest as floats.
fn arrow(records: &[Value]) -> Vec<u8> {
    let column = |name: &str, records: &[Value]| -> ArrayRef {
        let values = records.iter().map(|record| record[name].as_f64().unwrap());
        match name {
            "hr" => Arc::new(Int64Array::from_iter_values(values.map(|hour| hour as i64))),
            _ => Arc::new(Float64Array::from_iter_values(values)),
        }
    };
    let batch = |records: &[Value]| {
        let columns = house::FEATURES.iter().rev();
        RecordBatch::try_from_iter(columns.map(|name| (*name, column(name, records)))).unwrap()
    };
    let (first, second) = records.split_at(records.len() / 3);
    let mut writer = StreamWriter::try_new(Vec::new(), &batch(first).schema()).unwrap();
    writer.write(&batch(first)).unwrap();
    writer.write(&batch(second)).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn ten_thousand_records_one_by_one_equal_every_form_of_the_batch() {
    let server = house::server();
    let mut records = house::records("2011-01-01..2011-12-31");
    let more = records[..10_000 - records.len()].to_vec();
    records.extend(more.into_iter().map(|mut record| {
        record["hum"] = json!(record["hum"].as_f64().unwrap() * 0.93);
        record
    }));

    let (status, answer) = server.post_json("/predict/batch", &json!(records));
    assert_eq!(status, 200);
    let expected: Vec<f64> = answer
        .as_array()
        .unwrap()
        .iter()
        .map(|prediction| prediction["predicted_count"].as_f64().unwrap())
        .collect();
    assert_eq!(expected.len(), 10_000);

    for (record, expected) in records.iter().zip(&expected) {
        let (status, answer) = server.post_json("/predict", record);
        assert_eq!(status, 200);
        assert_eq!(
            answer["predicted_count"].as_f64().unwrap().to_bits(),
            expected.to_bits()
        );
    }

    let (status, answer) = post(&server, "text/csv", csv(&records));
    assert_eq!(status, 200);
    let answer = String::from_utf8(answer).unwrap();
    let mut lines = answer.lines();
    assert_eq!(lines.next(), Some("predicted_count"));
    assert_eq!(
        lines
            .map(|line| line.parse().unwrap())
            .collect::<Vec<f64>>(),
        expected
    );

    let (status, answer) = post(&server, ARROW, arrow(&records));
    assert_eq!(status, 200);
    let mut found = Vec::new();
    for batch in StreamReader::try_new(answer.as_slice(), None).unwrap() {
        let batch = batch.unwrap();
        let column = batch.column_by_name("predicted_count").unwrap();
        found.extend_from_slice(column.as_primitive::<Float64Type>().values());
    }
    assert_eq!(found, expected);
}

#[test]
fn empty_batches_are_answered_with_empty_batches() {
    let server = house::server();
    assert_eq!(
        server.post_json("/predict/batch", &json!([])),
        (200, json!([]))
    );
    let (status, answer) = post(&server, "text/csv", csv(&[]));
    assert_eq!(
        (status, answer.as_slice()),
        (200, &b"predicted_count\n"[..])
    );
    assert_eq!(post(&server, ARROW, arrow(&[])).0, 200);
}

#[test]
fn problems_name_record_and_field_in_every_form() {
    let server = house::server();
    let mut record = house::record();
    record["hr"] = json!("noon");
    let (status, problem) = server.post_json("/predict/batch", &json!([house::record(), record]));
    assert_eq!(status, 422);
    assert_eq!(
        problem["errors"][0],
        json!({"field": "hr", "problem": "is a string, not a number", "row": 1})
    );

    let (status, body) = post(&server, "text/csv", csv(&[record]));
    assert_eq!(status, 422);
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        problem["errors"][0],
        json!({"field": "hr", "problem": "is not a number", "row": 0})
    );

    let (status, body) = post(&server, "text/csv", b"temp,temp,hr\n1,2,3\n".to_vec());
    assert_eq!(status, 422);
    let problem: Value = serde_json::from_slice(&body).unwrap();
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!(
        errors[0],
        json!({"field": "temp", "problem": "occurs more than once"})
    );
    assert_eq!(errors.len(), 10);

    let column: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    let batch = RecordBatch::try_from_iter([("temp", column)]).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    let (status, body) = post(&server, ARROW, writer.into_inner().unwrap());
    assert_eq!(status, 422);
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["errors"].as_array().unwrap().len(), 10);
}

#[test]
fn malformed_batches_are_refused() {
    let server = house::server();
    for (media_type, body) in [
        ("application/json", &b"[{"[..]),
        ("text/csv", b"temp,hum\n1\n1,2,3"),
        ("text/csv", b""),
        (ARROW, b"not arrow at all"),
        (ARROW, b""),
    ] {
        let (status, problem) = post(&server, media_type, body.to_vec());
        assert!(
            status == 400 || status == 422,
            "{media_type} {body:?}: {status}"
        );
        assert!(serde_json::from_slice::<Value>(&problem).is_ok());
    }
    let truncated = arrow(&[house::record(), house::record(), house::record()]);
    for length in (0..truncated.len()).step_by(37) {
        let (status, _) = post(&server, ARROW, truncated[..length].to_vec());
        assert!(
            status == 400 || status == 422 || status == 200,
            "{length}: {status}"
        );
    }
    // Streams whose parts contradict each other; the generator of Park and Miller picks them.
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state * 48_271 % 0x7fff_ffff;
        state as usize % below
    };
    for _ in 0..1000 {
        let mut damaged = truncated.clone();
        for _ in 0..=random(5) {
            let at = random(damaged.len());
            damaged[at] ^= 1 << random(8);
        }
        let (status, _) = post(&server, ARROW, damaged);
        assert!(status == 400 || status == 422 || status == 200, "{status}");
    }
    assert_eq!(server.get("/ready").status(), 200);
}
