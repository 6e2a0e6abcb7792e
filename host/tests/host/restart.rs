//! What a restart must not forget.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::history::evaluate;
use crate::models::{SECOND, delete, model, post, put, server_of, until};
use crate::server::{CANOPY, Server};
use crate::{house, other_model};

fn get(server: &Server, path: &str) -> Value {
    let response = server.get(path);
    assert_eq!(response.status(), 200, "{path}");
    response.json().unwrap()
}

/// The lines of the metrics whose names begin with one of these.
fn metrics(server: &Server, names: &[&str]) -> Vec<String> {
    let text = server.get("/metrics").text().unwrap();
    let is_wanted = |line: &&str| names.iter().any(|name| line.starts_with(name));
    text.lines().filter(is_wanted).map(str::to_owned).collect()
}

/// The gauges of an evaluation and of the live window.
const GAUGES: [&str; 11] = [
    "model_rmse_score",
    "model_mae_score",
    "model_r2_score",
    "model_mape_score",
    "prediction_",
    "evidently_data_drift_detected_status",
    "data_drift_share",
    "data_drift_score",
    "data_drift_threshold",
    "data_drift_ratio",
    "last_evaluation_timestamp_seconds",
];

fn gauges(server: &Server) -> Vec<String> {
    let mut lines = metrics(server, &GAUGES);
    lines.retain(|line| !line.starts_with("prediction_requests_total"));
    lines
}

/// Kills a server, as the kernel does when memory runs out.
fn kill(mut server: Server) {
    server.process.kill().unwrap();
    server.process.wait().unwrap();
}

#[test]
fn a_kill_forgets_no_evaluation_and_no_gauge() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    for gauge in [
        "evidently_data_drift_detected_status",
        "data_drift_share",
        "data_drift_ratio",
        "live_data_drift_share",
        "last_evaluation_timestamp_seconds",
    ] {
        assert!(server.metric(gauge).unwrap().is_nan(), "{gauge}");
    }
    let records = house::records("2011-07-01..2011-07-07");
    evaluate(&server, "summer", &records);
    let before = gauges(&server);
    let list = get(&server, "/evaluations");
    let report = get(&server, "/evaluations/last");
    let page = server.get("/evaluations/last/report.html").text().unwrap();
    kill(server);

    let server = server_of(&folder);
    assert_eq!(gauges(&server), before);
    assert_eq!(
        server.metric("evidently_data_drift_detected_status"),
        Some(1.0)
    );
    assert_eq!(get(&server, "/evaluations"), list);
    assert_eq!(get(&server, "/evaluations/last"), report);
    assert_eq!(
        server.get("/evaluations/last/report.html").text().unwrap(),
        page
    );

    // Another version was not evaluated; the one before was.
    assert_eq!(put(&server, "/models/bikes", &SECOND).0, 200);
    assert!(server.metric("model_rmse_score").unwrap().is_nan());
    kill(server);
    let server = server_of(&folder);
    assert!(server.metric("model_rmse_score").unwrap().is_nan());
    assert_eq!(post(&server, "/models/bikes/rollback").0, 200);
    assert_eq!(gauges(&server), before);
}

#[test]
fn an_evaluation_of_classes_survives_too() {
    let (folder, state) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let component = folder.path().join("fruit.wasm");
    fs::copy(other_model::fruit(), &component).unwrap();
    let state = state.path().to_str().unwrap();
    let arguments = ["--state", state, "--counted-rows", "1"];
    let server = Server::start(&component, &arguments);
    let banana = json!({"weight": 121, "length": 17.5, "colour": 2, "kind": "banana"});
    evaluate(&server, "fruit", &[banana]);
    let (before, report) = (gauges(&server), get(&server, "/evaluations/last"));
    kill(server);
    let server = Server::start(&component, &arguments);
    assert_eq!(gauges(&server), before);
    assert_eq!(server.metric("prediction_accuracy_score"), Some(1.0));
    assert_eq!(get(&server, "/evaluations/last"), report);
}

#[test]
fn evaluations_are_paged_and_retained_by_number() {
    let folder = TempDir::new().unwrap();
    let mut record = house::record();
    record["cnt"] = json!(16);
    let periods = |list: &Value| -> Vec<String> {
        let list = list["evaluations"].as_array().unwrap();
        let periods = list.iter().map(|it| &it["evaluation_period_name"]);
        periods
            .map(|period| period.as_str().unwrap().to_owned())
            .collect()
    };
    let server = server_of(&folder);
    for number in 0..60 {
        evaluate(&server, &number.to_string(), &[record.clone()]);
    }
    assert_eq!(periods(&get(&server, "/evaluations")).len(), 50);
    let first = get(&server, "/evaluations?limit=58");
    assert_eq!(periods(&first)[57], "2");
    let last = &first["evaluations"][57]["id"];
    let second = get(&server, &format!("/evaluations?limit=10&before={last}"));
    assert_eq!(periods(&second), ["1", "0"]);
    // Beyond what is in memory.
    let oldest = &second["evaluations"][1]["id"];
    let report = get(&server, &format!("/models/bikes/evaluations/{oldest}"));
    assert_eq!(report["evaluation_period_name"], "0");
    for query in ["limit=0", "limit=201", "before=x", "page=2"] {
        let path = format!("/evaluations?{query}");
        assert_eq!(server.get(&path).status(), 422, "{query}");
    }
    kill(server);

    let models = folder.path().to_str().unwrap();
    let server = Server::spawn(&["--models", models, "--keep-evaluations", "3"]);
    assert_eq!(periods(&get(&server, "/evaluations")), ["59", "58", "57"]);
    evaluate(&server, "60", &[record.clone()]);
    assert_eq!(periods(&get(&server, "/evaluations")), ["60", "59", "58"]);
    let kept = fs::read_dir(folder.path().join(".state/evaluations/bikes"));
    assert_eq!(kept.unwrap().count(), 3);

    assert_eq!(put(&server, "/models/other", &SECOND).0, 201);
    let data = json!({"data": [record]});
    assert_eq!(server.post_json("/models/other/evaluate", &data).0, 200);
    assert_eq!(delete(&server, "/models/other"), 204);
    let evaluations = folder.path().join(".state/evaluations");
    assert_eq!(fs::read_dir(evaluations).unwrap().count(), 1);
}

#[test]
fn the_live_window_survives_a_kill_and_belongs_to_its_version() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("bikes.wasm");
    fs::copy(house::model(), &file).unwrap();
    let serve = || {
        let models = folder.path().to_str().unwrap();
        let often = ["--state-interval", "20ms", "--live-interval", "20ms"];
        Server::spawn(&[&["--models", models][..], &often].concat())
    };
    let server = serve();
    for record in &house::records("2011-07-01..2011-07-02") {
        assert_eq!(server.post_json("/predict", record).0, 200);
    }
    let live = |server: &Server| get(server, "/live");
    until("drifted", || live(&server)["drift"]["share"].is_number());
    let before = live(&server);
    let gauges = ["live_data_drift_s", "data_drift_ratio"];
    let metrics_before = metrics(&server, &gauges);
    let saved = folder.path().join(".state/windows/bikes");
    let size = |rows: u64| rows * (8 * (house::FEATURES.len() as u64 + 1) + 1);
    until("saved", || {
        let saved = fs::metadata(&saved);
        saved.is_ok_and(|saved| saved.len() > size(48))
    });
    kill(server);

    let server = serve();
    until("drifted again", || {
        live(&server)["drift"]["share"].is_number()
    });
    assert_eq!(live(&server)["window"], before["window"]);
    assert_eq!(live(&server)["drift"], before["drift"]);
    assert_eq!(metrics(&server, &gauges), metrics_before);

    // Rows that another version predicted are not this one's.
    assert_eq!(put(&server, "/models/bikes", &SECOND).0, 200);
    kill(server);
    let server = serve();
    assert_eq!(live(&server)["window"]["rows"], 0);
}

#[test]
fn a_stop_saves_the_live_window() {
    let folder = TempDir::new().unwrap();
    let mut server = server_of(&folder);
    assert_eq!(server.post_json("/predict", &house::record()).0, 200);
    server.signal("-TERM");
    assert!(server.process.wait().unwrap().success());
    let server = server_of(&folder);
    assert_eq!(get(&server, "/live")["window"]["rows"], 1);
}

#[test]
fn without_a_folder_nothing_is_kept_and_a_wrong_one_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let output = Command::new(CANOPY)
        .args(["serve", "--listen", "127.0.0.1:0", "--state"])
        .args([&file, house::model()])
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(error.contains("--state"), "{error}");
}

#[test]
fn sound_models_are_served_and_the_host_says_which_are_not() {
    let folder = TempDir::new().unwrap();
    let models = folder.path().to_str().unwrap();
    let arguments = ["--models", models, "--max-models", "2"];
    fs::copy(house::model(), folder.path().join("bikes.wasm")).unwrap();
    let observations = TempDir::new().unwrap();
    let observations = ["--observations", observations.path().to_str().unwrap()];
    let serve = || Server::spawn(&[&arguments[..], &observations].concat());
    let server = serve();
    assert_eq!(put(&server, "/models/probe", &SECOND).0, 201);
    let data = json!({"data": house::records("2011-02-01..2011-02-01")});
    assert_eq!(server.post_json("/models/probe/evaluate", &data).0, 200);
    let change = |server: &Server, name: &str, what: &str| {
        let path = format!("/v2/repository/models/{name}/{what}");
        post(server, &path).0
    };
    assert_eq!(change(&server, "probe", "unload"), 200);
    assert_eq!(put(&server, "/models/third", &SECOND).0, 201);
    kill(server);

    let server = serve();
    let ready = get(&server, "/ready?verbose");
    assert_eq!(ready["model"], "bikes");
    let not_served = &ready["not_served"];
    assert_eq!(not_served.as_array().unwrap().len(), 1, "{ready}");
    assert_eq!(not_served[0]["name"], "third");
    let reason = not_served[0]["reason"].as_str().unwrap();
    assert!(reason.contains("--max-models"), "{reason}");
    assert_eq!(&get(&server, "/models")["not_served"], not_served);
    assert_eq!(server.metric("models_unserved"), Some(1.0));
    assert!(get(&server, "/ready").get("not_served").is_none());
    // There is room for it once another one is unloaded.
    assert_eq!(change(&server, "probe", "unload"), 200);
    assert_eq!(change(&server, "third", "load"), 200);
    assert_eq!(server.metric("models_unserved"), Some(0.0));
    assert_eq!(model(&server, "third")["version"], "2.0.0");
}

#[test]
fn a_default_model_that_is_not_served_is_not_replaced_by_another() {
    let folder = TempDir::new().unwrap();
    drop(server_of(&folder));
    let server = server_of(&folder);
    assert_eq!(put(&server, "/models/aaa", &SECOND).0, 201);
    kill(server);
    fs::remove_dir_all(folder.path().join("bikes")).unwrap();
    fs::write(folder.path().join("bikes.wasm"), "no component").unwrap();

    let server = server_of(&folder);
    let record = house::record();
    assert_eq!(server.post_json("/models/aaa/predict", &record).0, 200);
    assert_eq!(server.post_json("/predict", &record).0, 404);
    let response = server.get("/ready?verbose");
    assert_eq!(response.status(), 503);
    let problem: Value = response.json().unwrap();
    assert_eq!(problem["errors"][0]["field"], "bikes", "{problem}");
    assert_eq!(put(&server, "/models/bbb", &SECOND).0, 201);
    assert_eq!(server.get("/ready").status(), 503);
    // An upload brings it back.
    fs::remove_file(folder.path().join("bikes.wasm")).unwrap();
    assert_eq!(put(&server, "/models/bikes", &SECOND).0, 201);
    assert_eq!(get(&server, "/ready")["model"], "bikes");
}

#[test]
fn a_remembered_default_model_that_was_retired_is_replaced() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    assert_eq!(put(&server, "/models/other", &SECOND).0, 201);
    kill(server);
    let models = folder.path().to_str().unwrap();
    let server = Server::spawn(&["--models", models, "--default-model", "other"]);
    assert_eq!(delete(&server, "/models/bikes"), 204);
    kill(server);
    let server = Server::spawn(&["--models", models]);
    assert_eq!(get(&server, "/ready")["model"], "other");
}
