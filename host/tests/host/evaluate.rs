//! `POST /evaluate`.

use std::fs;
use std::time::{Duration, Instant};

use canopy_observations as observations;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{house, server::Server};

const FEBRUARY: [(&str, &str); 3] = [
    ("week1_february", "2011-01-29..2011-02-07"),
    ("week2_february", "2011-02-08..2011-02-14"),
    ("week3_february", "2011-02-15..2011-02-21"),
];

fn evaluate(server: &Server, name: &str, records: &[Value]) -> (u16, Value) {
    let body = json!({"data": records, "evaluation_period_name": name});
    server.post_json("/evaluate", &body)
}

/// RMSE of scikit-learn's forest on the same rows, and the share of drifted columns that
/// Evidently finds with its predictions.
#[test]
fn scores_the_weeks_of_february_like_scikit_learn_and_evidently() {
    let server = house::server();
    let expected = [(17.52, 7), (20.17, 9), (37.28, 8)];
    for ((name, period), (rmse, drifted)) in FEBRUARY.into_iter().zip(expected) {
        let records = house::records(period);
        let (status, report) = evaluate(&server, name, &records);
        assert_eq!(status, 200, "{report}");
        let found = report["rmse"].as_f64().unwrap();
        assert!(
            (found / rmse - 1.0).abs() < 0.05,
            "{name}: {found} against {rmse}"
        );
        assert_eq!(report["drifted_columns"], drifted, "{name}");
        assert_eq!(report["drift_share"], f64::from(drifted) / 13.0);
        assert_eq!(report["drift_detected"], 1);
        assert_eq!(report["evaluated_items"], records.len());
        assert_eq!(report["evaluation_period_name"], name);
    }
}

#[test]
fn reports_every_documented_field_with_null_where_it_is_undefined() {
    let server = house::server();
    let mut record = house::record();
    record["cnt"] = json!(0);
    let (status, report) = evaluate(&server, "one", &[record]);
    assert_eq!(status, 200);
    for number in ["rmse", "mae", "mean_error", "max_error", "drift_share"] {
        assert!(report[number].is_number(), "{number}: {report}");
    }
    // One row has no spread, and a target of 0 no relative error.
    for undefined in ["r2score", "mape"] {
        assert_eq!(
            report.get(undefined),
            Some(&Value::Null),
            "{undefined}: {report}"
        );
    }
    assert!(
        report["message"]
            .as_str()
            .unwrap()
            .contains("1 record of one")
    );
    let columns = report["columns"].as_array().unwrap();
    assert_eq!(columns.len(), 13);
    assert_eq!(columns[12]["column"], "prediction");
}

#[test]
fn true_values_too_large_to_score_are_refused() {
    let server = house::server();
    let mut records = [house::record(), house::record()];
    records[0]["cnt"] = json!(1e308);
    records[1]["cnt"] = json!(-1e308);
    let (status, problem) = evaluate(&server, "huge", &records);
    assert_eq!(status, 422);
    assert_eq!(problem["errors"][0]["field"], "cnt");
    assert!(server.metric("model_rmse_score").unwrap().is_nan());
}

#[test]
fn drift_methods_can_be_chosen_by_column() {
    let server = house::server();
    let records = house::records(FEBRUARY[1].1);
    let mut body = json!({"data": records, "drift_methods": {"hum": "psi", "weathersit": "TVD"}});
    let (status, report) = server.post_json("/evaluate", &body);
    assert_eq!(status, 200, "{report}");
    let columns = report["columns"].as_array().unwrap();
    let hum = columns
        .iter()
        .find(|column| column["column"] == "hum")
        .unwrap();
    assert_eq!(hum["method"], "psi");

    body["drift_methods"] = json!({"hum": "TVD", "nothing": "ks", "temp": "magic"});
    let (status, problem) = server.post_json("/evaluate", &body);
    assert_eq!(status, 422);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3, "{problem}");
}

#[test]
fn failed_evaluations_change_no_gauge() {
    let server = house::server();
    let records = house::records(FEBRUARY[0].1);
    assert!(server.metric("model_rmse_score").unwrap().is_nan());
    assert_eq!(evaluate(&server, "good", &records).0, 200);
    let gauges = |server: &Server| {
        let text = server.get("/metrics").text().unwrap();
        let about = [
            "model_",
            "data_drift",
            "evidently",
            "evaluated",
            "last_evaluation",
        ];
        text.lines()
            .filter(|line| about.iter().any(|start| line.starts_with(start)))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let before = gauges(&server);
    assert!(before.contains(&format!(
        "evaluated_rows_total{{model=\"bike-sharing\"}} {}",
        records.len()
    )));
    assert!(
        before
            .contains(&"evidently_data_drift_detected_status{model=\"bike-sharing\"} 1".to_owned())
    );

    let mut broken = records.clone();
    broken[200]["temp"] = json!(null);
    let (status, problem) = evaluate(&server, "bad", &broken);
    assert_eq!(status, 422);
    assert_eq!(
        problem["errors"],
        json!([{"field": "temp", "problem": "is null", "row": 200}])
    );
    for body in [
        json!({}),
        json!({"data": []}),
        json!({"data": [house::record()]}),
    ] {
        assert_eq!(server.post_json("/evaluate", &body).0, 422, "{body}");
    }
    assert_eq!(server.post_text("/evaluate", "{\"data\": [").0, 400);
    assert_eq!(gauges(&server), before);
}

#[test]
fn evaluated_rows_are_kept_once_and_read_back() {
    let folder = TempDir::new().unwrap();
    let observations = folder.path().join("observations");
    let arguments = ["--observations", observations.to_str().unwrap()];
    let server = Server::start(house::model(), &arguments);
    for (name, period) in FEBRUARY.into_iter().chain([FEBRUARY[0]]) {
        assert_eq!(evaluate(&server, name, &house::records(period)).0, 200);
    }
    assert_eq!(
        server
            .post_json("/evaluate", &json!({"data": [house::record()]}))
            .0,
        422
    );

    let drill = json!({"data": house::records(FEBRUARY[2].1)[..9], "observe": false});
    assert_eq!(server.post_json("/evaluate", &drill).0, 200);

    let observed = observations::read(&observations).unwrap();
    let rows: Vec<usize> = observed
        .iter()
        .map(|observed| observed.batch.rows())
        .collect();
    // The first week came again last and is kept once, as the newest.
    assert_eq!(rows, [163, 165, 235]);
    let batch = &observed[0].batch;
    assert_eq!(batch.target, "cnt");
    assert_eq!(batch.features[5].0, "hr");
    assert_eq!(batch.features[5].1[..3], [0.0, 1.0, 2.0]);
    assert_eq!(server.metric("observed_rows_total"), Some(798.0));
    assert_eq!(server.metric("observations_failed_total"), Some(0.0));
}

#[test]
fn old_observations_go_when_there_are_too_many() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let server = Server::start(
        house::model(),
        &["--observations", path, "--observations-size", "1B"],
    );
    for (name, period) in FEBRUARY {
        assert_eq!(evaluate(&server, name, &house::records(period)).0, 200);
    }
    let observed = observations::read(folder.path()).unwrap();
    assert_eq!(observed.len(), 1);
    assert_eq!(observed[0].batch.rows(), 165);
}

#[test]
fn an_evaluation_is_answered_even_if_its_rows_cannot_be_kept() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("observations");
    let server = Server::start(house::model(), &["--observations", path.to_str().unwrap()]);
    fs::remove_dir_all(&path).unwrap();
    assert_eq!(
        evaluate(&server, "lost", &house::records(FEBRUARY[1].1)).0,
        200
    );
    assert_eq!(server.metric("observations_failed_total"), Some(1.0));
}

/// The threads of evaluations have a low priority, so that predictions come first.
#[test]
fn large_evaluations_do_not_stall_predictions() {
    let server = house::server();
    let year = house::records("2011-01-01..2011-12-31");
    let twice = [&year[..], &year[..]].concat();
    let body = json!({"data": twice}).to_string();
    let record = house::record().to_string();
    let predict = || {
        let start = Instant::now();
        let response = server.post("/predict").body(record.clone()).send().unwrap();
        assert_eq!(response.status(), 200);
        start.elapsed()
    };
    let p99 = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() * 99 / 100]
    };
    let _warm: Vec<Duration> = (0..200).map(|_| predict()).collect();

    // Other programs on the machine can spoil a measurement, so the median of several counts.
    let ratio = || {
        let idle = p99((0..500).map(|_| predict()).collect());
        let busy = std::thread::scope(|scope| {
            let evaluation = scope.spawn(|| {
                for _ in 0..5 {
                    let request = server.post("/evaluate").body(body.clone());
                    assert_eq!(request.send().unwrap().status(), 200);
                }
            });
            let mut times = Vec::new();
            while !evaluation.is_finished() {
                times.push(predict());
            }
            p99(times)
        });
        println!("p99 of /predict: idle {idle:?}, during evaluations {busy:?}");
        // Shorter than that, it is the scheduler that is measured.
        busy.as_secs_f64() / idle.max(Duration::from_micros(500)).as_secs_f64()
    };
    let mut ratios: [f64; 5] = std::array::from_fn(|_| ratio());
    ratios.sort_unstable_by(f64::total_cmp);
    assert!(
        ratios[2] < 5.0,
        "p99 is {ratios:.1?} times as long during evaluations"
    );
}
