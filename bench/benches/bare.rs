//! What axum alone reaches: parses the record that `/predict` takes, and answers a constant. A peer
//! of `bench/run.py`, on the runtime and with the features that the host has.

#![expect(clippy::unwrap_used, reason = "a measurement may panic")]

use axum::routing::post;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed, and that is all")]
struct Record {
    temp: f64,
    atemp: f64,
    hum: f64,
    windspeed: f64,
    mnth: f64,
    hr: f64,
    weekday: f64,
    season: f64,
    holiday: f64,
    workingday: f64,
    weathersit: f64,
}

#[derive(Serialize)]
struct Prediction {
    predicted_count: f64,
}

#[tokio::main]
async fn main() {
    // `cargo bench` adds an argument of its own.
    let address = std::env::args().nth(1).filter(|text| text != "--bench");
    let Some(address) = address else {
        eprintln!("only bench/run.py knows what this is for: `make bench`");
        return;
    };
    let router = Router::new().route("/predict", post(predict));
    let listener = TcpListener::bind(address).await.unwrap();
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    axum::serve(listener, router).await.unwrap();
}

async fn predict(Json(_): Json<Record>) -> Json<Prediction> {
    Json(Prediction {
        predicted_count: 148.64,
    })
}
