//! The Open Inference Protocol.

use std::fs;
use std::process::Command;

use canopy_test_support::needs;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::house;
use crate::other_model::fruit;
use crate::python;
use crate::server::Server;

/// The house model's record as a row.
fn row() -> Vec<f64> {
    let record = house::record();
    let values = house::FEATURES.iter().map(|name| record[*name].as_f64());
    values.map(Option::unwrap).collect()
}

fn infer(server: &Server, body: &Value) -> (u16, Value) {
    server.post_json("/v2/models/bike-sharing/infer", body)
}

#[test]
fn describes_server_and_models() {
    let server = house::server();
    let get = |path: &str| {
        let response = server.get(path);
        let status = response.status().as_u16();
        (status, response.json::<Value>().unwrap())
    };
    assert_eq!(get("/v2").1["name"], "canopy");
    assert_eq!(get("/v2/health/live").0, 200);
    assert_eq!(get("/v2/health/ready"), (200, json!({"ready": true})));
    let (_, model) = get("/v2/models/bike-sharing");
    assert_eq!(model["versions"], json!(["1.0.0"]));
    assert_eq!(model["inputs"][0]["shape"], json!([-1, 11]));
    assert_eq!(model["outputs"][0]["name"], "predicted_count");
    assert_eq!(get("/v2/models/bike-sharing/versions/1.0.0/ready").0, 200);
    let (status, error) = get("/v2/models/bike-sharing/versions/9/ready");
    assert_eq!(status, 404);
    assert!(
        error["error"].as_str().unwrap().contains("\"9\""),
        "{error}"
    );
    assert_eq!(get("/v2/models/nobody").0, 404);
}

#[test]
fn infers_from_one_tensor_or_one_for_each_feature() {
    let server = house::server();
    let (_, expected) = server.post_json("/predict", &house::record());
    let expected = &expected["predicted_count"];
    let matrix = json!({"id": "7", "inputs": [
        {"name": "x", "shape": [2, 11], "datatype": "FP64", "data": [row(), row()]},
    ]});
    let (status, answer) = infer(&server, &matrix);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["id"], "7");
    assert_eq!(answer["model_version"], "1.0.0");
    let output = &answer["outputs"][0];
    assert_eq!(output["name"], "predicted_count");
    assert_eq!(output["shape"], json!([2]));
    assert_eq!(output["data"], json!([expected, expected]));

    let columns = house::FEATURES.iter().rev().map(|name| {
        json!({"name": name, "shape": [1, 1], "datatype": "FP32", "data": [[house::record()[*name]]]})
    });
    let inputs: Vec<Value> = columns.collect();
    let (status, answer) = infer(&server, &json!({"inputs": inputs}));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(&answer["outputs"][0]["data"][0], expected);
    assert_eq!(server.metric("predicted_rows_total"), Some(4.0));
}

#[test]
fn infers_from_binary_tensors() {
    let server = house::server();
    let (_, expected) = server.post_json("/predict", &house::record());
    let json = json!({
        "inputs": [{
            "name": "features", "shape": [1, 11], "datatype": "FP64",
            "parameters": {"binary_data_size": 88},
        }],
        "parameters": {"binary_data_output": true},
    });
    let json = json.to_string();
    let mut body = json.clone().into_bytes();
    body.extend(row().iter().flat_map(|value| value.to_le_bytes()));
    let request = server
        .post("/v2/models/bike-sharing/infer")
        .header("inference-header-content-length", json.len());
    let response = request.body(body).send().unwrap();
    assert_eq!(response.status(), 200);
    let length = response.headers()["inference-header-content-length"].to_str();
    let length: usize = length.unwrap().parse().unwrap();
    let body = response.bytes().unwrap();
    let head: Value = serde_json::from_slice(&body[..length]).unwrap();
    assert_eq!(head["outputs"][0]["parameters"]["binary_data_size"], 8);
    let value = f64::from_le_bytes(body[length..].try_into().unwrap());
    assert_eq!(json!(value), expected["predicted_count"]);
}

#[test]
fn mistakes_are_named() {
    let server = house::server();
    for (path, status) in [("/v2/nothing", 404), ("/v2/repository/index", 405)] {
        let answer = server.get(path);
        assert_eq!(answer.status(), status, "{path}");
        let answer: Value = answer.json().unwrap();
        assert!(answer["error"].is_string(), "{path}: {answer}");
    }
    let tensor = |shape: Value, data: Value| json!({"inputs": [{"name": "x", "shape": shape, "datatype": "FP64", "data": data}]});
    for (body, words) in [
        (json!({}), "missing field `inputs`"),
        (json!({"inputs": []}), "no inputs"),
        (tensor(json!([1, 2]), json!([1, 2])), "expected [n, 11]"),
        (tensor(json!([0, 11]), json!([])), "no rows"),
        (tensor(json!([1, 11]), json!([1])), "1 values"),
        (
            json!({"inputs": [{"name": "temp", "shape": [1], "datatype": "FP64", "data": [1]}]}),
            "\"atemp\" is missing",
        ),
    ] {
        let (status, error) = infer(&server, &body);
        assert_eq!(status, 400, "{body}: {error}");
        let error = error["error"].as_str().unwrap();
        assert!(error.contains(words), "{body}: {error}");
    }
}

#[test]
fn classes_are_texts_beside_their_probabilities() {
    let component = fruit();
    let server = Server::start(&component, &[]);
    let body = json!({"inputs": [
        {"name": "x", "shape": [1, 3], "datatype": "FP64", "data": [121, 17.5, 2]},
    ]});
    let (status, answer) = server.post_json("/v2/models/fruit/infer", &body);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["outputs"][0]["data"], json!(["banana"]));
    assert_eq!(answer["outputs"][1]["shape"], json!([1, 3]));
}

#[test]
fn models_are_unloaded_and_loaded_again() {
    let folder = TempDir::new().unwrap();
    for name in ["a", "b"] {
        fs::copy(house::model(), folder.path().join(format!("{name}.wasm"))).unwrap();
    }
    let folder = folder.path().to_str().unwrap();
    let server = Server::spawn(&["--models", folder, "--watch-interval", "20ms"]);
    let post = |path: &str| server.post_json(path, &json!({}));
    assert_eq!(post("/v2/repository/models/b/unload").0, 200);
    assert_eq!(server.get("/v2/models/b/ready").status(), 404);
    let states = || {
        let (_, index) = post("/v2/repository/index");
        let models = index.as_array().unwrap().iter();
        models.map(|m| m["state"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(states(), ["READY", "UNAVAILABLE"]);
    assert_eq!(post("/v2/repository/models/b/load").0, 200);
    assert_eq!(states(), ["READY", "READY"]);
    assert_eq!(post("/v2/repository/models/a/unload").0, 409);
    assert_eq!(post("/v2/repository/models/c/load").0, 404);
}

/// A client that others wrote, as it is installed from the Python package index.
#[test]
#[ignore = "needs tritonclient"]
fn triton_s_own_client_reads_metadata_and_infers() {
    let python = needs!("tritonclient", python::with("tritonclient[http]"));
    let server = house::server();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/host/triton.py");
    let output = Command::new(python)
        .args([script, &server.address, "bike-sharing"])
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (_, expected) = server.post_json("/predict", &house::record());
    let expected = expected["predicted_count"].to_string();
    assert_eq!(
        text(&output.stdout).trim(),
        format!("{expected} {expected}")
    );
}
