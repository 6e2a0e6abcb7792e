//! Two hosts on one folder of models.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::house;
use crate::models::{SECOND, delete, model, post, put, until};
use crate::server::Server;

fn serve(folder: &TempDir) -> Server {
    let file = folder.path().join("bikes.wasm");
    if !folder.path().join(".lock").exists() {
        fs::copy(house::model(), file).unwrap();
    }
    let models = folder.path().to_str().unwrap();
    Server::spawn(&["--models", models, "--watch-interval", "20ms"])
}

fn version(server: &Server, name: &str) -> Value {
    model(server, name)["version"].clone()
}

#[test]
fn the_first_host_writes_and_the_second_one_follows_until_it_takes_over() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (serve(&folder), serve(&folder));
    let ready = |server: &Server| -> Value { server.get("/ready?verbose").json().unwrap() };
    let holder = format!("process {} on", first.process.id());
    let follows = ready(&second)["follows"].as_str().unwrap().to_owned();
    assert!(follows.starts_with(&holder), "{follows}");
    assert_eq!(ready(&first)["follows"], Value::Null);

    let (status, problem) = put(&second, "/models/bikes", &SECOND);
    assert_eq!(status, 409, "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(&holder), "{detail}");
    assert_eq!(put(&second, "/models/new", &SECOND).0, 409);
    assert_eq!(put(&second, "/models/bikes/candidate", &SECOND).0, 409);
    assert_eq!(post(&second, "/models/bikes/rollback").0, 409);
    assert_eq!(delete(&second, "/models/bikes"), 409);

    assert_eq!(put(&first, "/models/bikes", &SECOND).0, 200);
    assert_eq!(put(&first, "/models/new", &SECOND).0, 201);
    until("swapped", || version(&second, "bikes") == "2.0.0");
    until("created", || {
        second.get("/models/new").status().is_success()
    });
    assert_eq!(post(&first, "/models/bikes/rollback").0, 200);
    until("rolled back", || version(&second, "bikes") == "1.0.0");
    assert_eq!(delete(&first, "/models/new"), 204);
    until("retired", || second.get("/models/new").status() == 404);

    // What the first one has acknowledged is there when the second one takes over.
    assert_eq!(put(&first, "/models/bikes", &SECOND).0, 200);
    drop(first);
    second.await_log("this host writes to the folder of models from now on");
    until("swapped", || version(&second, "bikes") == "2.0.0");
    assert_eq!(post(&second, "/models/bikes/rollback").0, 200);
    assert_eq!(version(&second, "bikes"), "1.0.0");
    drop(second);
    assert_eq!(version(&serve(&folder), "bikes"), "1.0.0");
}

#[test]
fn the_one_that_takes_over_goes_on_with_the_trial() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (serve(&folder), serve(&folder));
    assert_eq!(put(&first, "/models/bikes/candidate", &SECOND).0, 200);
    drop(first);
    until("on trial", || {
        model(&second, "bikes")["candidate"].is_object()
    });
    assert_eq!(post(&second, "/models/bikes/promote").1["version"], "2.0.0");
}
