//! What the host says of itself.

use serde_json::Value;

use crate::{house, server};

#[test]
fn greets_and_tells_that_it_lives_and_is_ready() {
    let server = house::server();
    let get = |path: &str| {
        let response = server.get(path);
        assert_eq!(response.status(), 200, "{path}");
        response.json::<Value>().unwrap()
    };
    assert!(
        get("/")["message"]
            .as_str()
            .unwrap()
            .contains("bike-sharing 1.0.0")
    );
    assert_eq!(get("/health")["status"], "ok");
    assert_eq!(get("/ready")["status"], "ready");
}

#[test]
fn describes_the_model_and_its_component() {
    let server = house::server();
    let model: Value = server.get("/model").json().unwrap();
    assert_eq!(model["name"], "bike-sharing");
    assert_eq!(model["response_field"], "predicted_count");
    assert_eq!(model["training"]["rows"], 688);
    assert_eq!(
        model["component"]["interface"],
        "canopy:model/inference@0.1.0"
    );
    let names: Vec<&str> = model["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| feature["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, house::FEATURES);
    assert_eq!(model["task"], "regression");
    assert_eq!(model["features"][0]["kind"], "numerical");
}

#[test]
fn documents_itself_with_the_models_own_fields() {
    let server = house::server();
    let document: Value = server.get("/openapi.json").json().unwrap();
    let record = &document["components"]["schemas"]["Record"];
    let properties = record["properties"].as_object().unwrap();
    assert_eq!(properties.keys().collect::<Vec<_>>(), house::FEATURES);
    let prediction = &document["components"]["schemas"]["Prediction"];
    assert_eq!(prediction["required"][0], "predicted_count");
    // The example of the document is a request that works.
    let body = &document["paths"]["/predict"]["post"]["requestBody"]["content"];
    let (status, _) = server.post_json("/predict", &body["application/json"]["example"]);
    assert_eq!(status, 200);
    let body = &document["paths"]["/evaluate"]["post"]["requestBody"]["content"];
    let (status, _) = server.post_json("/evaluate", &body["application/json"]["example"]);
    assert_eq!(status, 200);

    let page = server.get("/docs/");
    assert_eq!(page.status(), 200);
    assert!(page.text().unwrap().contains("swagger-ui"));
    for file in [
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-initializer.js",
    ] {
        let response = server.get(&format!("/docs/{file}"));
        assert_eq!(response.status(), 200, "{file}");
        assert!(!response.text().unwrap().contains("https://cdn"), "{file}");
    }
    assert_eq!(server.get("/docs/nothing.js").status(), 404);
}

#[test]
fn counts_requests_by_route_and_never_by_raw_path() {
    let server = house::server();
    for path in ["/a", "/b", "/c"] {
        server.get(path);
    }
    server.post_json("/predict", &house::record());
    let count = |endpoint: &str, method: &str, status: u16| {
        server.metric(&format!(
            "api_requests_total{{endpoint=\"{endpoint}\",method=\"{method}\",status_code=\"{status}\"}}"
        ))
    };
    assert_eq!(count("unmatched", "GET", 404), Some(3.0));
    assert_eq!(count("/predict", "POST", 200), Some(1.0));
    assert_eq!(
        server.metric("prediction_requests_total{model_version=\"1.0.0\"}"),
        Some(1.0)
    );
    assert_eq!(server.metric("predicted_rows_total"), Some(1.0));
    assert_eq!(server.metric("inference_latency_seconds_count"), Some(1.0));
    assert_eq!(server.metric("api_requests_in_flight"), Some(1.0));
    assert!(server.metric("process_resident_memory_bytes").unwrap() > 0.0);
}

#[test]
fn live_drift_is_computed_from_predictions_alone() {
    let server = server::Server::start(house::model(), &["--live-interval", "20ms"]);
    assert!(server.metric("live_data_drift_share").unwrap().is_nan());
    let summer = house::records("2011-07-01..2011-07-10");
    for record in &summer {
        assert_eq!(server.post_json("/predict", record).0, 200);
    }
    let deadline = std::time::Instant::now() + server::PATIENCE;
    while server.metric("live_data_drift_share").unwrap().is_nan() {
        assert!(
            std::time::Instant::now() < deadline,
            "live drift is never computed"
        );
    }
    assert!(server.metric("live_data_drift_share").unwrap() > 0.5);
    assert!(
        server
            .metric("live_data_drift_score{column=\"temp\",method=\"ks\"}")
            .unwrap()
            < 0.05
    );
    let requests = server.metric("data_drift_requests_total");
    assert_eq!(requests, Some(summer.len() as f64));
    assert_eq!(server.metric("data_drift_ratio"), Some(1.0));
}

#[test]
fn inspect_prints_the_description_the_features_and_the_interface() {
    let model = house::model().to_str().unwrap();
    let (success, text, _) = server::run(&["inspect", model]);
    assert!(success);
    for expected in [
        "bike-sharing 1.0.0",
        "688 rows from 2011-01-01 until 2011-01-31",
        "canopy:model/inference@0.1.0",
        "predict: func(rows: list<f64>) -> result<list<f64>, variant>",
        "imports     nothing",
        "weathersit",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    let (success, json, _) = server::run(&["inspect", "--json", model]);
    assert!(success);
    assert!(serde_json::from_str::<Value>(&json).unwrap()["features"].is_array());
}

#[test]
fn a_request_is_logged_with_the_trace_it_belongs_to() {
    let server = server::Server::start(house::model(), &["--log", "canopy=debug"]);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = server.post("/predict").body(house::record().to_string());
    let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    assert_eq!(request.send().unwrap().status(), 200);
    let line = server.await_log("request answered");
    assert_eq!(line["span"]["trace"], trace);
    assert_eq!(line["span"]["parent"], "00f067aa0ba902b7");
}

#[test]
fn every_line_of_a_request_has_its_id_on_whatever_thread_it_is_written() {
    let server = server::Server::start(house::model(), &["--log", "canopy=debug"]);
    let mut records = house::records("2011-02-08..2011-02-08");
    for record in &mut records {
        record["temp"] = 0.5.into();
    }
    let body = serde_json::json!({"data": records});
    let request = server.post("/evaluate").header("x-request-id", "seven");
    let response = request.json(&body).send().unwrap();
    assert_eq!(response.headers()["x-request-id"], "seven");
    // Written by the background pool, and by the thread that answers.
    let line = server.await_line("the evaluation", |line| line["evaluation"].is_u64());
    assert_eq!(line["span"]["id"], "seven", "{line}");
    let line = server.await_log("request answered");
    assert_eq!(line["span"]["id"], "seven", "{line}");
}
