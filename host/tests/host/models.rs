//! Several models, their versions and trials.

use std::fs;
use std::sync::LazyLock;

use reqwest::blocking::Response;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::house;
use crate::other_model::fruit;
use crate::server::{PATIENCE, Server, run};

/// A second version of the house model.
pub(crate) static SECOND: LazyLock<Vec<u8>> =
    LazyLock::new(|| fs::read(house::version("2.0.0")).unwrap());

fn first() -> Vec<u8> {
    fs::read(house::model()).unwrap()
}

/// A host that keeps versions in `folder`, which has the house model as `bikes`.
pub(crate) fn server_of(folder: &TempDir) -> Server {
    let file = folder.path().join("bikes.wasm");
    if !file.exists() {
        fs::copy(house::model(), file).unwrap();
    }
    Server::spawn(&["--models", folder.path().to_str().unwrap()])
}

pub(crate) fn put(server: &Server, path: &str, component: &[u8]) -> (u16, Value) {
    let request = server.client.put(server.url(path));
    answer(request.body(component.to_vec()).send().unwrap())
}

pub(crate) fn post(server: &Server, path: &str) -> (u16, Value) {
    answer(server.client.post(server.url(path)).send().unwrap())
}

pub(crate) fn delete(server: &Server, path: &str) -> u16 {
    let response = server.client.delete(server.url(path)).send().unwrap();
    response.status().as_u16()
}

fn answer(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().unwrap())
}

pub(crate) fn model(server: &Server, name: &str) -> Value {
    server.get(&format!("/models/{name}")).json().unwrap()
}

/// Waits until something holds.
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "never: {what}");
    }
}

#[test]
fn an_uploaded_version_serves_is_rolled_back_and_survives_a_restart() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    let (status, change) = put(&server, "/models/bikes", &SECOND);
    assert_eq!(
        (status, &change["outcome"]),
        (200, &json!("swapped")),
        "{change}"
    );
    assert_eq!(model(&server, "bikes")["version"], "2.0.0");
    let response = server.post("/predict").body(house::record().to_string());
    let response = response.send().unwrap();
    assert_eq!(response.headers()["x-model-version"], "2.0.0");
    assert_eq!(
        put(&server, "/models/bikes", &SECOND).1["outcome"],
        "unchanged"
    );

    drop(server);
    let server = server_of(&folder);
    let description = model(&server, "bikes");
    assert_eq!(description["version"], "2.0.0");
    let versions = description["versions"].as_array().unwrap();
    let serving: Vec<_> = versions.iter().map(|v| v["serving"].clone()).collect();
    assert_eq!(serving, [json!(false), json!(true)]);

    let (status, change) = post(&server, "/models/bikes/rollback");
    assert_eq!(
        (status, &change["version"]),
        (200, &json!("1.0.0")),
        "{change}"
    );
    let (status, problem) = post(&server, "/models/bikes/rollback");
    assert_eq!(status, 409, "{problem}");

    drop(server);
    assert_eq!(model(&server_of(&folder), "bikes")["version"], "1.0.0");
}

#[test]
fn a_file_that_is_replaced_while_the_host_is_down_wins_over_an_upload() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    put(&server, "/models/bikes", &SECOND);
    drop(server);
    house::replace(&folder.path().join("bikes.wasm"), "3.0.0");
    let server = server_of(&folder);
    assert_eq!(model(&server, "bikes")["version"], "3.0.0");
    let (_, change) = post(&server, "/models/bikes/rollback");
    assert_eq!(change["version"], "2.0.0");
}

#[test]
fn several_models_are_served_by_name_each_with_its_own_metrics() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    let (status, change) = put(&server, "/models/other", &SECOND);
    assert_eq!(
        (status, &change["outcome"]),
        (201, &json!("created")),
        "{change}"
    );
    let list: Value = server.get("/models").json().unwrap();
    assert_eq!(list["default"], "bikes");
    let names: Vec<_> = list["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["name"])
        .collect();
    assert_eq!(names, ["bikes", "other"]);

    let record = house::record();
    let (_, default) = server.post_json("/predict", &record);
    let (status, named) = server.post_json("/models/other/predict", &record);
    assert_eq!((status, named), (200, default));
    let batch = json!([record, record]);
    let (status, answers) = server.post_json("/models/other/predict/batch", &batch);
    assert_eq!((status, answers.as_array().unwrap().len()), (200, 2));
    let data = json!({"data": house::records("2011-02-01..2011-02-07")});
    assert_eq!(server.post_json("/models/other/evaluate", &data).0, 200);
    let metric = |name: &str| server.metric(name).unwrap();
    assert!(metric("model_rmse_score{model=\"other\"}") > 10.0);
    assert!(metric("model_rmse_score{model=\"bikes\"}").is_nan());
    assert_eq!(
        metric("prediction_requests_total{model=\"other\",model_version=\"2.0.0\"}"),
        2.0
    );
    let document: Value = server.get("/openapi.json").json().unwrap();
    assert!(document["paths"]["/models/{name}/predict"].is_object());
    assert!(document["components"]["schemas"]["other.Record"].is_object());

    assert_eq!(delete(&server, "/models/other"), 204);
    assert_eq!(server.post_json("/models/other/predict", &record).0, 404);
    assert_eq!(server.metric("model_rmse_score{model=\"other\"}"), None);
    assert_eq!(delete(&server, "/models/other"), 404);
    assert_eq!(delete(&server, "/models/bikes"), 409);
    drop(server);
    let list: Value = server_of(&folder).get("/models").json().unwrap();
    assert_eq!(list["models"].as_array().unwrap().len(), 1);
}

#[test]
fn a_name_may_have_dots() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    assert_eq!(put(&server, "/models/bikes.v1.2", &SECOND).0, 201);
    drop(server);
    assert_eq!(model(&server_of(&folder), "bikes.v1.2")["version"], "2.0.0");
}

#[test]
fn a_new_file_in_the_folder_is_served_and_can_be_retired() {
    let folder = TempDir::new().unwrap();
    fs::copy(house::model(), folder.path().join("bikes.wasm")).unwrap();
    let folder_name = folder.path().to_str().unwrap();
    let server = Server::spawn(&["--models", folder_name, "--watch-interval", "20ms"]);
    let file = folder.path().join("more.wasm");
    let partial = folder.path().join("more.tmp");
    fs::write(&partial, &*SECOND).unwrap();
    fs::rename(&partial, &file).unwrap();
    server.await_log("new model");
    assert_eq!(model(&server, "more")["version"], "2.0.0");
    assert_eq!(delete(&server, "/models/more"), 204);
    assert!(!file.exists(), "it would come back");
    assert_eq!(server.get("/models/more").status(), 404);
}

#[test]
fn uploads_that_cannot_be_served_change_nothing() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    let component = first();
    for (path, body, status, words) in [
        (
            "/models/bikes",
            &b"random"[..],
            422,
            "not a WebAssembly component",
        ),
        (
            "/models/bikes",
            &component[..component.len() / 2],
            422,
            "not a WebAssembly component",
        ),
        ("/models/a%20b", &component, 422, "is not a model name"),
        (
            "/models/bikes?allow=anything",
            &component,
            422,
            "feature-change",
        ),
        (
            "/models/bikes/candidate",
            &component,
            409,
            "is already serving",
        ),
        (
            "/models/bikes/candidate?share=2",
            &component,
            422,
            "must be from 0 to 1",
        ),
        (
            "/models/bikes/candidate?shares=1",
            &component,
            422,
            "unknown field",
        ),
        (
            "/models/nobody/candidate",
            &component,
            404,
            "no model nobody",
        ),
    ] {
        let (found, problem) = put(&server, path, body);
        assert_eq!(found, status, "{path}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{path}: {detail}");
    }
    assert_eq!(model(&server, "bikes")["version"], "1.0.0");
    assert_eq!(
        server.metric("model_loads_rejected_total{reason=\"not-a-component\"}"),
        Some(2.0)
    );
    let kept = fs::read_dir(folder.path().join("bikes")).unwrap().count();
    assert_eq!(kept, 3, "one component and both copies of the index");

    let closed = house::server();
    let (status, problem) = put(&closed, "/models/bikes", &component);
    assert_eq!(status, 403);
    assert!(problem["detail"].as_str().unwrap().contains("--models"));
}

#[test]
fn another_feature_set_is_refused_unless_asked_for() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    let fruit = fruit();
    let fruit = fs::read(fruit).unwrap();
    let (status, problem) = put(&server, "/models/bikes", &fruit);
    assert_eq!(status, 409);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("added"), "{detail}");
    let (status, change) = put(&server, "/models/bikes?allow=feature-change", &fruit);
    assert_eq!(status, 200, "{change}");
}

#[test]
fn a_shadow_is_compared_never_returned_and_promoted_when_it_agrees() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    let path = "/models/bikes/candidate?mode=shadow&requests=20&max-latency=1000\
                &min-rows=1&min-clients=1&min-seconds=0";
    let (status, change) = put(&server, path, &SECOND);
    assert_eq!(
        (status, &change["outcome"]),
        (200, &json!("proposed")),
        "{change}"
    );
    assert_eq!(
        server.metric("model_candidate_calls_total{outcome=\"answered\"}"),
        Some(0.0)
    );
    let body = house::record().to_string();
    until("promoted", || {
        let request = server.post("/predict").body(body.clone());
        let response = request.send().unwrap();
        let version = response.headers()["x-model-version"].to_str().unwrap();
        version == "2.0.0"
    });
    assert!(
        server
            .metric("model_candidate_comparisons_total{outcome=\"agree\"}")
            .unwrap()
            >= 20.0
    );
    assert_eq!(
        server.metric("model_candidate_decisions_total{outcome=\"promoted\"}"),
        Some(1.0)
    );
    assert_eq!(model(&server, "bikes")["candidate"], Value::Null);
    assert_eq!(
        post(&server, "/models/bikes/rollback").1["version"],
        "1.0.0"
    );
}

#[test]
fn one_client_with_one_request_id_does_not_promote_a_candidate() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    let path = "/models/bikes/candidate?mode=canary&share=1&requests=20&max-latency=1000";
    assert_eq!(put(&server, path, &SECOND).0, 200);
    let body = house::record().to_string();
    let trial = || model(&server, "bikes")["candidate"].clone();
    until("enough comparisons", || {
        let request = server.post("/predict").header("x-request-id", "mine");
        assert_eq!(request.body(body.clone()).send().unwrap().status(), 200);
        trial()["compared"].as_u64() > Some(40)
    });
    assert_eq!(trial()["agreed"], trial()["compared"]);
    assert_eq!(trial()["distinct_rows"], 1);
    assert_eq!(trial()["clients"], 1);
    assert_eq!(model(&server, "bikes")["version"], "1.0.0");
}

#[test]
fn a_canary_answers_its_share_sticks_to_request_ids_and_resumes_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    let path = "/models/bikes/candidate?mode=canary&share=0.3";
    assert_eq!(put(&server, path, &SECOND).0, 200);
    let canaries = |server: &Server| -> Vec<bool> {
        let ask = |id: u32| {
            let request = server
                .post("/predict")
                .header("x-request-id", format!("client-{id}"));
            let response = request.body(house::record().to_string()).send().unwrap();
            response.headers()["x-model-version"] == "2.0.0"
        };
        (0..300).map(ask).collect()
    };
    let asked = canaries(&server);
    let share = asked.iter().filter(|canary| **canary).count();
    assert!((50..130).contains(&share), "{share} of 300");
    assert_eq!(canaries(&server), asked);
    let (path_of_first, record) = ("/v2/models/bikes/versions/1.0.0/infer", house::record());
    let tensor =
        |name| json!({"name": name, "shape": [1], "datatype": "FP64", "data": [record[name]]});
    let inputs = json!({"inputs": house::FEATURES.map(tensor)});
    // Whichever way a request comes, the same id goes to the same version.
    for (id, &is_canary) in asked.iter().enumerate().take(60) {
        let post = |path: &str, body: &Value| {
            let request = server.post(path).json(body);
            let id = format!("client-{id}");
            let response = request.header("x-request-id", &id).send().unwrap();
            assert_eq!(response.headers()["x-request-id"], *id);
            response
        };
        let version = if is_canary { "2.0.0" } else { "1.0.0" };
        for records in [json!([record]), json!([record, record])] {
            for path in ["/predict/batch", "/models/bikes/predict/batch"] {
                let response = post(path, &records);
                assert_eq!(response.headers()["x-model-version"], version, "{path}");
            }
        }
        let answer: Value = post("/v2/models/bikes/infer", &inputs).json().unwrap();
        assert_eq!(answer["model_version"], version, "{answer}");
    }
    for _ in 0..40 {
        let (status, answer) = server.post_json(path_of_first, &inputs);
        assert_eq!(status, 200, "{answer}");
        assert_eq!(
            answer["model_version"], "1.0.0",
            "the version that was named"
        );
    }
    drop(server);

    let server = server_of(&folder);
    assert_eq!(model(&server, "bikes")["candidate"]["mode"], "canary");
    // Which ids select the canary is a secret of the process.
    assert_ne!(canaries(&server), asked);
    assert_eq!(delete(&server, "/models/bikes/candidate"), 200);
    assert!(!canaries(&server).contains(&true));
    assert_eq!(post(&server, "/models/bikes/promote").0, 404);
    assert_eq!(put(&server, path, &SECOND).0, 200);
    assert_eq!(post(&server, "/models/bikes/promote").1["version"], "2.0.0");
}

#[test]
fn models_named_on_the_command_line_need_names_of_their_own() {
    let model = house::model().to_str().unwrap();
    let named = format!("b={model}");
    let server = Server::spawn(&["--model", model, "--model", &named]);
    let list: Value = server.get("/models").json().unwrap();
    assert_eq!(list["default"], "bike-sharing");
    for (arguments, words) in [
        (
            &["serve", "--model", model, "--model", model][..],
            "same name as another model",
        ),
        (
            &["serve", "--model", "a b=x.wasm"],
            "cannot read the model a b=x.wasm",
        ),
        (
            &["serve", "--model", model, "--default-model", "c"],
            "the default model c does not exist",
        ),
        (&["serve"], "--model"),
    ] {
        let (success, _, error) = run(arguments);
        assert!(!success && error.contains(words), "{arguments:?}: {error}");
    }
}
