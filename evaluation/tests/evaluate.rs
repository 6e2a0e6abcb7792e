//! `canopy-evaluation evaluate` against a stub of the host.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod stub;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stub::{Stub, evaluation, run};

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

#[test]
fn posts_the_three_february_weeks_and_prints_a_table() {
    let stub = Arc::new(Stub::default());
    let output = stub.run(&["evaluate"]);
    assert_eq!(
        text(&output.stdout),
        "\
period          rows    RMSE     MAE     R²  MAPE %  drift   share  drifted columns
week1_february   235  20.500  12.250  0.875  31.500    yes  50.0 %  temp
week2_february   163  20.500  12.250  0.875  31.500    yes  50.0 %  temp
week3_february   165  20.500  12.250  0.875  31.500    yes  50.0 %  temp
"
    );
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "");

    let bodies = stub.bodies.lock().unwrap();
    let first: Value = serde_json::from_slice(&bodies[0]).unwrap();
    assert_eq!(first["evaluation_period_name"], "week1_february");
    assert_eq!(first["data"][0]["dteday"], "2011-01-29");
    assert_eq!(first["data"][234]["dteday"], "2011-02-07");
    assert!(first["data"][0]["cnt"].is_u64());
}

#[test]
fn json_is_what_the_host_responded() {
    let stub = Arc::new(Stub::default());
    let output = stub.run(&[
        "evaluate",
        "--json",
        "--period",
        "march=2011-03-01..2011-03-01",
    ]);
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let sent: Value = serde_json::from_slice(&stub.bodies.lock().unwrap()[0]).unwrap();
    assert_eq!(printed, json!([evaluation(&sent).1]));
}

#[test]
fn exits_with_one_when_a_week_fails() {
    let stub = Arc::new(Stub {
        evaluate: |body| match body["evaluation_period_name"].as_str() {
            Some("week2_february") => (
                422,
                json!({
                    "title": "Unprocessable Content", "status": 422, "detail": "the data is bad",
                    "errors": [{ "field": "data[3].temp", "problem": "is missing" }],
                }),
            ),
            _ => evaluation(body),
        },
        ..Stub::default()
    });
    let output = stub.run(&["evaluate"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    assert_eq!(shown.lines().count(), 4);
    assert_eq!(
        shown.lines().last().unwrap(),
        "week2_february failed: 422 Unprocessable Entity: the data is bad (data[3].temp: is missing)"
    );
}

#[test]
fn exits_with_one_when_the_response_is_not_an_evaluation() {
    let stub = Arc::new(Stub {
        evaluate: |_| (200, json!({ "message": "hello" })),
        ..Stub::default()
    });
    let output = stub.run(&["evaluate", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        printed[0]["error"],
        "the response is not an evaluation: missing field `evaluated_items` at line 1 column 19"
    );
}

#[test]
fn waits_until_the_host_is_ready() {
    let stub = Arc::new(Stub {
        ready: Mutex::new([503, 503].into()),
        ..Stub::default()
    });
    assert!(stub.run(&["evaluate"]).status.success());
    assert!(stub.ready.lock().unwrap().is_empty());
}

#[test]
fn fails_when_the_host_does_not_become_ready() {
    let stub = Arc::new(Stub {
        ready: Mutex::new([503; 100].into()),
        ..Stub::default()
    });
    let output = stub.run(&["evaluate", "--wait", "10ms"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stderr);
    assert!(
        shown.contains(" was not ready within 10ms: 503 Service Unavailable (set the address with"),
        "{shown}"
    );
    assert_eq!(*stub.bodies.lock().unwrap(), Vec::<&str>::new());
}

#[test]
fn fails_when_there_is_no_host() {
    let output = run("http://127.0.0.1:0", &["evaluate", "--wait", "10ms"]);
    assert_eq!(output.status.code(), Some(1));
    let start = "canopy-evaluation: http://127.0.0.1:0 was not ready within 10ms: ";
    assert!(text(&output.stderr).starts_with(start));
}

#[test]
fn period_without_data_fails_before_any_request() {
    let stub = Arc::new(Stub::default());
    let output = stub.run(&["evaluate", "--period", "past=2010-03-01..2010-03-07"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "canopy-evaluation: no rows in 2010-03-01..2010-03-07: the data covers 2011-01-01 to 2011-12-31\n"
    );
    assert_eq!(*stub.bodies.lock().unwrap(), Vec::<&str>::new());
}
