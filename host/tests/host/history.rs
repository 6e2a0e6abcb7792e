//! The evaluations that are kept, and what is live.

use std::time::Instant;

use serde_json::{Value, json};

use crate::server::{PATIENCE, Server};
use crate::{house, other_model};

pub(crate) fn evaluate(server: &Server, name: &str, records: &[Value]) -> Value {
    let body = json!({"data": records, "evaluation_period_name": name, "observe": false});
    let (status, answer) = server.post_json("/evaluate", &body);
    assert_eq!(status, 200, "{answer}");
    answer
}

fn get(server: &Server, path: &str) -> Value {
    let response = server.get(path);
    assert_eq!(response.status(), 200, "{path}");
    response.json().unwrap()
}

#[test]
fn evaluations_are_kept_with_what_is_drawn_of_them() {
    let server = house::server();
    assert_eq!(get(&server, "/evaluations"), json!({"evaluations": []}));
    assert_eq!(server.get("/evaluations/last").status(), 404);
    let records = house::records("2011-02-08..2011-02-14");
    let answer = evaluate(&server, "week2", &records);
    evaluate(&server, "one", &records[..1]);

    let list = get(&server, "/models/bike-sharing/evaluations");
    let list = list["evaluations"].as_array().unwrap();
    let periods: Vec<_> = list
        .iter()
        .map(|one| &one["evaluation_period_name"])
        .collect();
    assert_eq!(periods, ["one", "week2"]);
    assert!(list[0]["id"].as_u64() > list[1]["id"].as_u64());
    assert!(list[0].get("columns").is_none());

    let report = get(&server, answer["report"].as_str().unwrap());
    assert_eq!(report["id"], list[1]["id"]);
    for field in ["rmse", "mape", "message", "drift_share", "evaluated_items"] {
        assert_eq!(report[field], answer[field], "{field}");
    }
    for (column, answered) in report["columns"]
        .as_array()
        .unwrap()
        .iter()
        .zip(answer["columns"].as_array().unwrap())
    {
        for field in ["column", "method", "score", "threshold", "drifted"] {
            assert_eq!(column[field], answered[field]);
        }
        let rows = |sample: &str| -> u64 {
            let counts = column["distribution"][sample].as_array().unwrap();
            counts.iter().map(|count| count.as_u64().unwrap()).sum()
        };
        assert_eq!((rows("reference"), rows("current")), (688, 163), "{column}");
    }
    let outcome = &report["outcome"];
    assert_eq!(outcome["task"], "regression");
    assert_eq!(outcome["actual"].as_array().unwrap().len(), 163);
    assert_eq!(outcome["errors"]["rows"][1], 3);
    assert_eq!(get(&server, "/evaluations/last")["evaluated_items"], 1);
    for path in [
        "/evaluations/7",
        "/evaluations/nothing",
        "/models/other/evaluations",
    ] {
        assert_eq!(server.get(path).status(), 404, "{path}");
    }
}

#[test]
fn of_many_evaluations_the_last_ones_stay() {
    let server = house::server();
    let mut record = house::record();
    record["cnt"] = json!(16);
    for number in 0..55 {
        evaluate(&server, &number.to_string(), &[record.clone()]);
    }
    let list = get(&server, "/evaluations");
    let list = list["evaluations"].as_array().unwrap();
    assert_eq!(list.len(), 50);
    assert_eq!(list[0]["evaluation_period_name"], "54");
    assert_eq!(list[49]["evaluation_period_name"], "5");
}

#[test]
fn classes_are_reported_in_pairs() {
    let component = other_model::fruit();
    let server = Server::start(&component, &[]);
    let banana = json!({"weight": 121, "length": 17.5, "colour": 2, "kind": "banana"});
    let mistaken = json!({"weight": 12.5, "length": 3.2, "colour": 1, "kind": "apple"});
    evaluate(&server, "fruit", &[banana.clone(), banana, mistaken]);
    let report = get(&server, "/evaluations/last");
    assert_eq!(
        report["outcome"]["pairs"],
        json!([
            {"actual": "banana", "predicted": "banana", "rows": 2},
            {"actual": "apple", "predicted": "strawberry", "rows": 1},
        ])
    );
    assert_eq!(report["classes"], json!(["apple", "banana", "strawberry"]));
}

#[test]
fn live_tells_of_the_window_and_counts_what_is_predicted() {
    let server = Server::start(house::model(), &["--live-interval", "20ms"]);
    let before = get(&server, "/live");
    assert_eq!(
        (&before["requests"], &before["drift"]),
        (&json!(0.0), &Value::Null)
    );
    let summer = house::records("2011-07-01..2011-07-02");
    for record in &summer {
        assert_eq!(server.post_json("/predict", record).0, 200);
    }
    let deadline = Instant::now() + PATIENCE;
    let live = loop {
        let live = get(&server, "/models/bike-sharing/live");
        if live["drift"]["share"].as_f64() > Some(0.5) {
            break live;
        }
        assert!(Instant::now() < deadline, "{live}");
    };
    assert_eq!(live["requests"], json!(48.0));
    assert_eq!(
        live["window"],
        json!({"rows": 48, "capacity": 1000, "unusual_share": 1.0})
    );
    for latencies in ["calls", "answers"] {
        let counts = live[latencies]["counts"].as_array().unwrap();
        let bounds = live[latencies]["bounds"].as_array().unwrap();
        assert_eq!(counts.len(), bounds.len() + 1);
        assert_eq!(counts.last(), Some(&json!(48)), "{latencies}");
    }
}
