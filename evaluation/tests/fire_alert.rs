//! `canopy-evaluation fire-alert` against stubs of Prometheus and Alertmanager.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod stub;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stub::{Stub, run};

/// An alert as Prometheus lists it.
fn active(name: &str, instance: &str, state: &str) -> Value {
    json!({
        "labels": { "alertname": name, "instance": instance, "severity": "critical" },
        "annotations": { "summary": "it is bad" },
        "state": state, "activeAt": "2011-02-01T08:00:00Z", "value": "1e+00",
    })
}

/// The same alert as Alertmanager lists it.
fn arrived(name: &str, instance: &str) -> Value {
    json!({
        "labels": { "alertname": name, "instance": instance, "severity": "critical" },
        "annotations": { "summary": "it is bad" }, "fingerprint": "05d7",
        "status": { "state": "active", "inhibitedBy": [], "silencedBy": [] },
        "startsAt": "2011-02-01T08:01:00Z", "endsAt": "2011-02-01T09:00:00Z",
        "receivers": [{ "name": "retrainer" }, { "name": "people" }],
    })
}

/// Monitors with these alerts; the first list of Prometheus is for the check at the start.
fn stub(prometheus: &[Value], alertmanager: Value) -> Arc<Stub> {
    Arc::new(Stub {
        prometheus: Mutex::new(prometheus.iter().cloned().collect()),
        alertmanager,
        ..Stub::default()
    })
}

/// The states shown, without their times.
fn states(output: &str) -> Vec<&str> {
    let lines = output.lines().filter_map(|line| line.split_once(" s  "));
    lines.map(|(_, state)| state).collect()
}

#[test]
fn follows_the_alert_from_prometheus_to_alertmanager() {
    let stub = stub(
        &[
            json!([]),
            json!([active("Watchdog", "", "firing")]),
            json!([active("BikeApiDown", "host:8080", "pending")]),
            json!([
                active("BikeApiDown", "host:8080", "firing"),
                active("BikeApiDown", "other:8080", "pending")
            ]),
        ],
        json!([arrived("Watchdog", ""), arrived("BikeApiDown", "host:8080")]),
    );
    let output = stub.run(&["fire-alert"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        states(&shown),
        [
            "Prometheus: inactive",
            "Prometheus: pending",
            "Alertmanager: active"
        ]
    );
    for line in [
        "  state        firing since 2011-02-01T08:00:00Z",
        "  instance     host:8080",
        "  summary      it is bad",
        "  state        active since 2011-02-01T08:01:00Z",
        "  receivers    retrainer, people",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    assert!(shown.contains("\nRecover: `make all` "), "{shown}");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(*stub.bodies.lock().unwrap(), Vec::<&str>::new());
}

#[test]
fn exits_with_one_when_the_alert_does_not_fire_within_its_limit() {
    let stub = stub(&[], json!([]));
    let output = stub.run(&["fire-alert", "--limit", "300ms"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        shown.lines().last().unwrap(),
        "BikeApiDown did not arrive within 300ms: Prometheus: inactive"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn exits_with_one_when_only_the_alert_of_another_instance_arrived() {
    let firing = json!([active("BikeApiDown", "host:8080", "firing")]);
    let stub = stub(
        &[firing.clone(), firing.clone(), firing],
        json!([arrived("BikeApiDown", "other:8080")]),
    );
    let output = stub.run(&["fire-alert", "--limit", "300ms"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(states(&shown), ["Prometheus: firing"]);
    assert_eq!(output.status.code(), Some(1));
}

/// The body that a drill has evaluated to make an alert fire.
fn evaluated(drill: &str, alert: &str) -> Value {
    let stub = stub(
        &[json!([]), json!([active(alert, "host:8080", "firing")])],
        json!([arrived(alert, "host:8080")]),
    );
    let output = stub.run(&["fire-alert", "--alert", drill]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&stub.bodies.lock().unwrap()[0]).unwrap()
}

#[test]
fn wrong_counts_are_ten_times_the_true_ones_and_not_for_training() {
    let body = evaluated("rmse", "ModelRmseHigh");
    assert_eq!(body["observe"], false);
    assert_eq!(body["data"][0]["dteday"], "2011-02-08");
    // The true one is 10.
    assert_eq!(body["data"][0]["cnt"], 100.0);
}

#[test]
fn drift_comes_from_a_week_of_july() {
    let body = evaluated("drift", "DataDriftDetected");
    assert_eq!(body["observe"], false);
    assert_eq!(body["data"][0]["dteday"], "2011-07-04");
    assert!(body["data"][0]["cnt"].is_u64());
}

#[test]
fn evaluates_nothing_when_no_monitor_responds() {
    let output = run("http://127.0.0.1:0", &["fire-alert", "--alert", "rmse"]);
    let shown = String::from_utf8(output.stderr).unwrap();
    let start = "canopy-evaluation: Prometheus does not respond at http://127.0.0.1:0: \
                 is the whole stack running? `make all` starts it: ";
    assert!(shown.starts_with(start), "{shown}");
    assert_eq!(output.status.code(), Some(1));
}
