//! A stub of the host, of Prometheus and of Alertmanager, on one port, with given responses.

use std::collections::VecDeque;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Status and JSON of a response.
pub(crate) type Response = (u16, Value);

/// The responses of the stub, and the requests it received.
pub(crate) struct Stub {
    /// Statuses of `/ready`, one after the other; 200 after the last.
    pub(crate) ready: Mutex<VecDeque<u16>>,
    /// The response of `/evaluate` to a body.
    pub(crate) evaluate: fn(&Value) -> Response,
    /// The response of `/predict` to a body.
    pub(crate) predict: fn(&[u8]) -> Response,
    /// The alerts of Prometheus, one list after the other; an empty one after the last.
    pub(crate) prometheus: Mutex<VecDeque<Value>>,
    /// The alerts of Alertmanager.
    pub(crate) alertmanager: Value,
    /// Bodies of the requests to `/evaluate` and `/predict`.
    pub(crate) bodies: Mutex<Vec<Bytes>>,
}

impl Default for Stub {
    fn default() -> Self {
        Self {
            ready: Mutex::default(),
            evaluate: evaluation,
            predict: prediction,
            prometheus: Mutex::default(),
            alertmanager: json!([]),
            bodies: Mutex::default(),
        }
    }
}

impl Stub {
    /// Runs the program against this stub until it exits.
    pub(crate) fn run(self: &Arc<Self>, arguments: &[&str]) -> Output {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/ready", get(ready))
            .route("/evaluate", post(evaluate))
            .route("/predict", post(predict))
            .route("/evaluations/last/report.html", get("<!doctype html>"))
            .route("/models/other/evaluations/7", get(r#"{"id":7}"#))
            .route("/api/v1/alerts", get(prometheus))
            .route("/api/v2/alerts", get(alertmanager))
            .with_state(Arc::clone(self));
        runtime.spawn(async { axum::serve(listener, router).await });
        run(&url, arguments)
    }
}

/// Runs the program against any address.
pub(crate) fn run(url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canopy-evaluation"));
    command.args(arguments);
    // In place of what the developer's environment has.
    command.envs([
        ("CANOPY_URL", url),
        ("CANOPY_PROMETHEUS", url),
        ("CANOPY_ALERTMANAGER", url),
        ("CANOPY_DATA", "embedded"),
        ("NO_PROXY", "*"),
    ]);
    command.output().unwrap()
}

/// A successful evaluation of a regression model.
pub(crate) fn evaluation(body: &Value) -> Response {
    let body = json!({
        "message": "evaluated",
        "evaluation_period_name": body["evaluation_period_name"],
        "evaluated_items": body["data"].as_array().unwrap().len(),
        "rmse": 20.5, "mae": 12.25, "r2score": 0.875, "mape": 31.5,
        "mean_error": 0.5, "max_error": 99.0,
        "drift_detected": 1, "drift_share": 0.5, "drift_share_threshold": 0.5, "drifted_columns": 1,
        "columns": [
            { "column": "temp", "method": "K-S p_value", "score": 0.0, "threshold": 0.05, "drifted": true },
            { "column": "hr", "method": "K-S p_value", "score": 1.0, "threshold": 0.05, "drifted": false },
        ],
    });
    (200, body)
}

fn prediction(body: &[u8]) -> Response {
    match serde_json::from_slice::<Value>(body) {
        Ok(record) if record["temp"].is_number() => (200, json!({ "predicted_count": 16.0 })),
        Ok(_) => (422, json!({ "title": "Unprocessable" })),
        Err(_) => (400, json!({ "title": "Malformed" })),
    }
}

async fn ready(State(stub): State<Arc<Stub>>) -> StatusCode {
    let status = stub.ready.lock().unwrap().pop_front();
    status.map_or(StatusCode::OK, |status| {
        StatusCode::from_u16(status).unwrap()
    })
}

async fn evaluate(State(stub): State<Arc<Stub>>, body: Bytes) -> impl IntoResponse {
    stub.bodies.lock().unwrap().push(body.clone());
    respond((stub.evaluate)(&serde_json::from_slice(&body).unwrap()))
}

async fn predict(
    State(stub): State<Arc<Stub>>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    stub.bodies.lock().unwrap().push(body.clone());
    if headers[header::CONTENT_TYPE] != "application/json" {
        return respond((415, json!({ "title": "Unsupported" })));
    }
    respond((stub.predict)(&body))
}

async fn prometheus(State(stub): State<Arc<Stub>>) -> impl IntoResponse {
    let mut alerts = stub.prometheus.lock().unwrap();
    let alerts = alerts.pop_front().unwrap_or_else(|| json!([]));
    respond((
        200,
        json!({ "status": "success", "data": { "alerts": alerts } }),
    ))
}

async fn alertmanager(State(stub): State<Arc<Stub>>) -> impl IntoResponse {
    respond((200, stub.alertmanager.clone()))
}

fn respond((status, body): Response) -> impl IntoResponse {
    let status = StatusCode::from_u16(status).unwrap();
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
}
