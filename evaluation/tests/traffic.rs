//! `canopy-evaluation traffic` against a stub of the host.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod stub;

use std::sync::Arc;

use serde_json::{Value, json};
use stub::Stub;

/// Sends fifty requests within 50 ms, with these further arguments.
fn traffic(stub: Stub, arguments: &[&str]) -> (Option<i32>, Value, Arc<Stub>) {
    let stub = Arc::new(stub);
    let fixed = ["traffic", "--json", "--rate", "1000", "--duration", "50ms"];
    let output = stub.run(&[&fixed, arguments].concat());
    let report = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code(), report, stub)
}

#[test]
fn sends_the_hours_of_the_period_in_order() {
    let (code, report, stub) = traffic(Stub::default(), &["--connections", "1"]);
    assert_eq!(code, Some(0));
    assert_eq!(report["sent"], 50);
    assert_eq!(report["succeeded"], 50);
    assert!(report["latency_ms"]["p99"].as_f64().unwrap() > 0.0);
    let bodies = stub.bodies.lock().unwrap();
    let hours: Vec<Value> = bodies[..8]
        .iter()
        .map(|body| serde_json::from_slice::<Value>(body).unwrap()["hr"].clone())
        .collect();
    // The data has no hour 4 on 1 February.
    assert_eq!(hours, [0, 1, 2, 3, 5, 6, 7, 8]);
}

#[test]
fn malformed_requests_are_expected_to_be_rejected() {
    let (code, report, _) = traffic(Stub::default(), &["--bad-share", "1"]);
    assert_eq!(code, Some(0));
    assert_eq!(report["succeeded"], 0);
    let refused = report["refused"].as_object().unwrap();
    assert_eq!(refused.keys().collect::<Vec<_>>(), ["400", "415", "422"]);
}

#[test]
fn exits_with_one_when_a_malformed_request_is_accepted() {
    let stub = Stub {
        predict: |_| (200, json!({ "predicted_count": 16.0 })),
        ..Stub::default()
    };
    let (code, report, _) = traffic(stub, &["--bad-share", "1"]);
    assert_eq!(code, Some(1));
    assert_eq!(report["unexpected"], report["succeeded"]);
}

#[test]
fn exits_with_one_when_the_host_fails() {
    let stub = Stub {
        predict: |_| (500, json!({ "title": "Failed" })),
        ..Stub::default()
    };
    let (code, report, _) = traffic(stub, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(report["refused"], json!({ "500": 50 }));
    assert_eq!(report["unexpected"], 50);
}

#[test]
fn drifted_requests_are_expected_to_succeed() {
    let (code, report, stub) = traffic(Stub::default(), &["--drifted-share", "1"]);
    assert_eq!(code, Some(0));
    assert_eq!(report["succeeded"], 50);
    for body in stub.bodies.lock().unwrap().iter() {
        let record: Value = serde_json::from_slice(body).unwrap();
        assert!(record["temp"].as_f64().unwrap() > 1.0);
    }
}
