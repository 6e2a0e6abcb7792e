//! `canopy-trainer serve`, driven over HTTP.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[expect(dead_code, reason = "another test file uses the rest of it")]
mod service;

use std::collections::VecDeque;
use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use service::{JUNE, Workplace, notification};

#[test]
fn an_alert_leads_to_a_better_model_and_only_once() {
    let workplace = Workplace::with_model();
    JUNE.iter().for_each(|week| workplace.observe(week));
    let old = fs::read(workplace.model()).unwrap();
    let service = workplace.serve(&[], &[]);

    let alert = notification("firing", &["c0ffee", "decaf"]);
    let (status, answer) = service.post("/alerts", &alert);
    assert_eq!(status, 202);
    assert_eq!(
        answer,
        json!({"alerts": [
            {"alertname": "ModelRmseHigh", "fingerprint": "c0ffee", "decision": "started", "run": 1},
            {"alertname": "ModelRmseHigh", "fingerprint": "decaf", "decision": "running"},
        ]})
    );
    assert_eq!(service.post("/runs", "").0, 409);

    let run = service.ended_run();
    assert_eq!(run["state"], "published", "{run}");
    assert_eq!(
        run["trigger"],
        json!({"by": "alert", "alertname": "ModelRmseHigh", "fingerprint": "c0ffee",
            "since": "2024-05-01T12:00:00.5Z"})
    );
    assert_eq!(run["observed_rows"], 3 * 168);
    let held_out = run["held_out_rows"].as_u64().unwrap();
    assert!((90..170).contains(&held_out), "{run}");
    assert_eq!(run["rows"], 688 + 3 * 168 - held_out);
    let checks: Vec<&Value> = (0..2).map(|it| &run["checks"][it]["rows_of"]).collect();
    assert_eq!(checks, ["older batches", "the champion's reference"]);
    assert_eq!(run["score"], "rmse");
    assert_eq!(run["warnings"], json!([]));
    let score = |role: &str| run[role].as_f64().unwrap();
    assert!(
        score("challenger_score") < 0.7 * score("champion_score"),
        "{run}"
    );

    let model = workplace.load();
    assert_eq!(run["version"], model.info().version);
    assert_eq!(run["digest"], model.digest().to_string());
    assert!(model.info().version.starts_with("1.0.0+20"));
    assert_eq!(model.info().training.rows, 688 + 3 * 168 - held_out);
    let observed = ("observed_rows".to_owned(), (3 * 168 - held_out).to_string());
    assert!(model.info().parameters.contains(&observed));
    let previous = workplace.previous();
    assert_eq!(previous.len(), 1);
    assert!(
        previous[0].starts_with("bike-sharing-1.0.0-"),
        "{previous:?}"
    );
    let kept = workplace
        .model()
        .with_file_name("previous")
        .join(&previous[0]);
    assert_eq!(fs::read(kept).unwrap(), old);

    let (_, again) = service.post("/alerts", &alert);
    assert_eq!(again["alerts"][0]["decision"], "duplicate");
    assert_eq!(again["alerts"][1]["decision"], "cooldown");
    let (_, resolved) = service.post("/alerts", notification("resolved", &["c0ffee"]));
    assert_eq!(resolved["alerts"][0]["decision"], "resolved");
    assert_eq!(service.post("/runs", "").0, 429);
    let metric = "retraining_alerts_received_total{alertname=\"ModelRmseHigh\"}";
    assert_eq!(service.metric(metric), Some(4.0));
    assert_eq!(service.metric("retraining_observed_rows"), Some(504.0));
    let last = service.metric("retraining_last_run_timestamp_seconds");
    assert!(last.unwrap() > 1.7e9);
}

#[test]
fn a_challenger_that_is_no_better_is_not_published() {
    let workplace = Workplace::with_model();
    JUNE.iter().for_each(|week| workplace.observe(week));
    let service = workplace.serve(&["--cooldown", "0s"], &[]);
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "published", "{run}");

    // The same rows give the same forest, which is no better than itself.
    let (status, started) = service.post("/runs", "");
    assert_eq!((status, &started["state"]), (202, &json!("running")));
    let second = service.ended_run();
    assert_eq!(second["state"], "kept", "{second}");
    assert_eq!(second["trigger"], json!({"by": "hand"}));
    let challenger = run["challenger_score"].as_f64().unwrap();
    assert_eq!(second["champion_score"], challenger);
    assert_eq!(second["challenger_score"], challenger);
    assert_eq!(workplace.load().info().version, run["version"]);
    assert_eq!(workplace.previous().len(), 1);

    for (metric, value) in [
        ("retraining_runs_total{outcome=\"published\"}", 1.0),
        ("retraining_runs_total{outcome=\"kept\"}", 1.0),
        ("retraining_runs_total{outcome=\"failed\"}", 0.0),
        ("retraining_runs_total{outcome=\"skipped\"}", 0.0),
        ("retraining_running", 0.0),
        ("retraining_duration_seconds_count", 2.0),
        ("retraining_score{role=\"champion\"}", challenger),
        ("retraining_score{role=\"challenger\"}", challenger),
    ] {
        assert_eq!(service.metric(metric), Some(value), "{metric}");
    }
}

#[test]
fn without_observations_a_run_is_skipped() {
    let workplace = Workplace::with_model();
    let old = fs::read(workplace.model()).unwrap();
    let service = workplace.serve(&[], &[]);
    service.post("/alerts", notification("firing", &["c0ffee"]));
    let run = service.ended_run();
    assert_eq!(run["state"], "skipped");
    assert_eq!(run["reason"], "there are no usable observed rows");
    assert_eq!(fs::read(workplace.model()).unwrap(), old);
}

#[test]
fn a_damaged_batch_is_left_out_with_a_warning() {
    let workplace = Workplace::with_model();
    JUNE.iter().for_each(|week| workplace.observe(week));
    let newest = fs::read_dir(workplace.observations()).unwrap();
    let newest = newest.map(|file| file.unwrap().path()).max().unwrap();
    fs::write(&newest, b"PAR1 and then nothing").unwrap();
    let service = workplace.serve(&[], &[]);
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "published", "{run}");
    assert_eq!(run["observed_rows"], 2 * 168);
    let warning = run["warnings"][0].as_str().unwrap();
    assert!(warning.contains(newest.to_str().unwrap()), "{warning}");
}

#[test]
fn without_a_model_to_beat_the_challenger_is_published() {
    let workplace = Workplace::empty();
    JUNE.iter().for_each(|week| workplace.observe(week));
    let service = workplace.serve(&[], &[]);
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "published", "{run}");
    assert_eq!(run["champion_score"], Value::Null);
    let warning = run["warnings"][0].as_str().unwrap();
    assert!(
        warning.starts_with("there is no champion to compare with"),
        "{warning}"
    );
    assert_eq!(run["version"], workplace.load().info().version);
    assert!(workplace.previous().is_empty());
}

#[test]
fn a_file_that_is_not_a_model_is_not_replaced() {
    let workplace = Workplace::empty();
    workplace.observe(JUNE[0]);
    fs::create_dir(workplace.model().parent().unwrap()).unwrap();
    fs::write(workplace.model(), b"not a component").unwrap();
    let service = workplace.serve(&[], &[]);
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "failed", "{run}");
    let error = run["error"].as_str().unwrap();
    assert!(error.contains("cannot be used as the champion"), "{error}");
    assert_eq!(fs::read(workplace.model()).unwrap(), b"not a component");
    assert!(workplace.previous().is_empty());
}

#[test]
fn a_run_that_fails_leaves_the_served_model_and_the_service_alone() {
    let workplace = Workplace::with_model();
    JUNE.iter().for_each(|week| workplace.observe(week));
    let old = fs::read(workplace.model()).unwrap();
    // Where the previous model should go, something is in the way.
    fs::write(workplace.model().with_file_name("previous"), b"").unwrap();
    let service = workplace.serve(&[], &[]);
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "failed", "{run}");
    let error = run["error"].as_str().unwrap();
    assert!(error.starts_with("cannot save the champion"), "{error}");
    assert_eq!(fs::read(workplace.model()).unwrap(), old);
    assert_eq!(service.get("/health").status(), 200);
    assert_eq!(
        service.metric("retraining_runs_total{outcome=\"failed\"}"),
        Some(1.0)
    );
}

#[test]
fn an_alert_that_is_not_about_a_degradation_starts_no_run() {
    let workplace = Workplace::with_model();
    let service = workplace.serve(&["--alert", "DataDriftDetected"], &[]);
    let (_, answer) = service.post("/alerts", notification("firing", &["c0ffee"]));
    assert_eq!(answer["alerts"][0]["decision"], "unlisted");
    assert_eq!(service.get("/runs").text().unwrap(), r#"{"runs":[]}"#);
}

#[test]
fn what_is_no_notification_is_refused() {
    let workplace = Workplace::empty();
    let service = workplace.serve(&[], &[]);
    let other = json!({"version": "3", "alerts": []});
    for (body, part) in [
        ("{", "EOF"),
        (other.to_string().as_str(), "version \"3\", expected \"4\""),
        (r#"{"version": "4", "alerts": [{}]}"#, "missing field"),
    ] {
        let (status, problem) = service.post("/alerts", body);
        assert_eq!((status, &problem["status"]), (400, &json!(400)));
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(part), "{detail}");
    }
    assert_eq!(service.post("/nothing", "").0, 404);
    assert_eq!(service.post("/health", "").0, 405);
    assert_eq!(service.get("/runs").text().unwrap(), r#"{"runs":[]}"#);
}

#[test]
fn told_to_stop_it_abandons_the_run_without_a_trace() {
    let workplace = Workplace::with_model();
    JUNE.iter().for_each(|week| workplace.observe(week));
    let old = fs::read(workplace.model()).unwrap();
    let service = workplace.serve(&["--threads", "1"], &[]);
    assert_eq!(service.post("/runs", "").0, 202);
    assert!(service.terminate());
    assert_eq!(fs::read(workplace.model()).unwrap(), old);
    let mut files = workplace.models();
    files.sort();
    assert_eq!(files, [".model.runs.json", "model.wasm"]);
}

#[test]
fn a_restart_forgets_neither_runs_nor_the_cooldown() {
    let workplace = Workplace::with_model();
    let alert = notification("firing", &["c0ffee"]);
    let service = workplace.serve(&[], &[]);
    let last_run = |service: &service::Service| {
        let last = service.metric("retraining_last_run_timestamp_seconds");
        last.unwrap()
    };
    assert!(last_run(&service).is_nan());
    assert_eq!(service.post("/alerts", &alert).0, 202);
    let run = service.ended_run();
    assert_eq!((&run["id"], &run["state"]), (&json!(1), &json!("skipped")));
    let ended = last_run(&service);
    // Killed.
    drop(service);

    let service = workplace.serve(&[], &[]);
    assert_eq!(service.ended_run(), run);
    assert_eq!(last_run(&service), ended);
    let alert = notification("firing", &["c0ffee", "decaf"]);
    let (_, answer) = service.post("/alerts", &alert);
    let decisions = [0, 1].map(|number| answer["alerts"][number]["decision"].clone());
    assert_eq!(decisions, ["duplicate", "cooldown"]);
    drop(service);

    let service = workplace.serve(&["--cooldown", "0s"], &[]);
    let (_, answer) = service.post("/alerts", &alert);
    assert_eq!(answer["alerts"][0]["run"], 2, "{answer}");
}

#[test]
fn an_alert_is_forwarded_instead() {
    let stub = Stub::new("/api/v1/dags/retrain/dagRuns", &[503, 200, 403]);
    let workplace = Workplace::empty();
    let service = workplace.serve(
        &["--forward", &stub.url, "--cooldown", "0s"],
        &[("CANOPY_TRAINER_FORWARD_AUTHORIZATION", "Bearer secret")],
    );
    service.post("/alerts", notification("firing", &["c0ffee"]));
    let run = service.ended_run();
    assert_eq!(run["state"], "skipped", "{run}");
    let reason = run["reason"].as_str().unwrap();
    assert!(reason.ends_with("response was 200 OK"), "{reason}");
    let conf = json!({"conf": {"alertname": "ModelRmseHigh", "instance": "bike-api:8080"}});
    let expected = ("Bearer secret".to_owned(), conf);
    assert_eq!(*stub.requests.lock().unwrap(), [expected.clone(), expected]);

    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "failed", "{run}");
    assert_eq!(
        run["error"],
        "cannot forward the alert: the response is 403 Forbidden"
    );
    assert!(!workplace.model().exists());
}

#[test]
fn an_airflow_3_gets_its_token_and_a_logical_date() {
    let stub = Stub::new("/api/v2/dags/retrain/dagRuns", &[200]);
    let workplace = Workplace::empty();
    let service = workplace.serve(
        &["--forward", &stub.url, "--forward-label", "summary"],
        &[
            ("CANOPY_TRAINER_FORWARD_USERNAME", "canopy"),
            ("CANOPY_TRAINER_FORWARD_PASSWORD", "correct horse"),
        ],
    );
    service.post("/alerts", notification("firing", &["c0ffee"]));
    let run = service.ended_run();
    assert_eq!(run["state"], "skipped", "{run}");
    let (authorization, body) = stub.requests.lock().unwrap().remove(0);
    assert_eq!(authorization, "Bearer for canopy");
    assert_eq!(body["conf"], json!({"summary": "The model is bad"}));
    let date = body["logical_date"].as_str().unwrap();
    assert!(date.starts_with("20") && date.ends_with('Z'), "{date}");
}

#[test]
fn a_wrong_setting_is_said_in_one_line() {
    let workplace = Workplace::empty();
    fs::create_dir_all(workplace.observations()).unwrap();
    let spec = workplace.observations().join("bad.toml");
    fs::write(&spec, "name = \"a\"\nnmae = 1\n").unwrap();
    for command in ["serve", "train"] {
        let mut process = Command::new(env!("CARGO_BIN_EXE_canopy-trainer"));
        process.arg(command).arg("--spec").arg(&spec);
        match command {
            "serve" => process.args(["--model", "m.wasm", "--observations", "o"]),
            _ => process.args(["--output", "m.wasm"]),
        };
        let output = process.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with("canopy-trainer: "), "{text}");
        assert!(
            text.contains("line 2, `nmae = 1`: unknown field `nmae`"),
            "{text}"
        );
    }
}

/// Something to forward to, which answers as it is told.
struct Stub {
    url: String,
    /// Authorization and body of each request.
    requests: Arc<Mutex<Vec<(String, Value)>>>,
    _runtime: Runtime,
}

impl Stub {
    fn new(path: &str, statuses: &[u16]) -> Self {
        let requests: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
        let statuses: Mutex<VecDeque<u16>> = Mutex::new(statuses.iter().copied().collect());
        let seen = Arc::clone(&requests);
        let statuses = Arc::new(statuses);
        let handler = move |headers: HeaderMap, body: String| async move {
            let authorization = headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
            let body = serde_json::from_str(&body).unwrap();
            seen.lock().unwrap().push((authorization, body));
            let status = statuses.lock().unwrap().pop_front().unwrap();
            StatusCode::from_u16(status).unwrap()
        };
        let token = |login: String| async move {
            let login: Value = serde_json::from_str(&login).unwrap();
            assert_eq!(login["password"], "correct horse");
            let token = format!("for {}", login["username"].as_str().unwrap());
            (
                StatusCode::CREATED,
                json!({"access_token": token}).to_string(),
            )
        };
        let router = Router::new().route(path, post(handler));
        let router = router.route("/auth/token", post(token));
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}{path}", listener.local_addr().unwrap());
        runtime.spawn(async { axum::serve(listener, router).await });
        Self {
            url,
            requests,
            _runtime: runtime,
        }
    }
}
