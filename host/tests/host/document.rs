//! Compares `/openapi.json` with the table of routes and with responses.

use std::collections::HashSet;
use std::fs;

use canopy_web::{Class, Need};
use reqwest::blocking::Response;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::authentication::guarded;
use crate::conformance::Schemas;
use crate::house;
use crate::models::{SECOND, put, until};
use crate::other_model::fruit;
use crate::server::{Server, run};

const JSON: &str = "application/json";

/// Method, path and operation of everything that a document lists.
fn listed(document: &Value) -> HashSet<(String, String, String)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, operations)| {
        operations.as_object().unwrap().iter().map(|(method, it)| {
            let id = it["operationId"].as_str().unwrap().to_owned();
            (method.to_ascii_uppercase(), path.clone(), id)
        })
    });
    operations.collect()
}

fn routes(has_users: bool) -> HashSet<(String, String, String)> {
    let table = canopy::http::table(has_users);
    let rows = table.routes();
    rows.map(|it| (it.method.to_string(), it.path.into(), it.operation.into()))
        .collect()
}

#[test]
fn without_users_the_document_lists_exactly_the_routes() {
    let document: Value = house::server().get("/openapi.json").json().unwrap();
    assert_eq!(listed(&document), routes(false));
    let paths = document["paths"].as_object().unwrap();
    let operations = paths
        .values()
        .flat_map(|it| it.as_object().unwrap().values());
    assert!(operations.into_iter().all(|it| it["security"].is_null()));
}

#[test]
fn with_users_the_document_lists_exactly_the_routes_with_what_their_rows_say() {
    let document = document_with_users();
    assert_eq!(listed(&document), routes(true));

    for route in canopy::http::table(true).routes() {
        let method = route.method.as_str().to_ascii_lowercase();
        let operation = &document["paths"][route.path][method];
        let path = route.path;
        assert!(!route.operation.is_empty(), "{path}");
        let documents = |status: &str| operation["responses"][status].is_object();
        let is_open = route.need == Need::Nothing;
        assert_eq!(operation["security"].is_null(), is_open, "{path}");
        assert!(is_open || documents("401"), "{path}");
        assert!(
            !matches!(route.need, Need::Role(_)) || documents("403"),
            "{path}"
        );
        assert!(route.class == Class::Open || documents("503"), "{path}");
    }
}

/// A document with all routes.
fn document_with_users() -> Value {
    let folder = TempDir::new().unwrap();
    let users = folder.path().join("users.json");
    let users = users.to_str().unwrap();
    let (_, key, _) = run(&["user", "key", "ada", "--role", "predict", "--users", users]);
    let server = Server::start(house::model(), &["--users", users]);
    let request = server.client.get(server.url("/openapi.json"));
    let document = request.header("x-api-key", key.trim()).send().unwrap();
    document.json().unwrap()
}

/// All operations, with path and method.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, operations)| {
        let operations = operations.as_object().unwrap().iter();
        operations.map(|(method, it)| (path.as_str(), method.as_str(), it))
    })
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|it| references(it, found));
        }
        Value::Array(items) => items.iter().for_each(|it| references(it, found)),
        _ => {}
    }
}

#[test]
fn every_reference_is_to_a_schema_and_every_schema_of_json_says_more_than_its_type() {
    let document = document_with_users();
    let mut found = Vec::new();
    references(&document["paths"], &mut found);
    references(&document["components"], &mut found);
    for reference in found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
    let schemas = Schemas(&document);
    for (path, method, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap();
        let contents = answers.values().chain([&operation["requestBody"]]);
        for content in contents.filter_map(|it| it["content"].get(JSON)) {
            let schema = schemas.resolve(&content["schema"]);
            let keys = ["properties", "items", "allOf", "anyOf", "maxProperties"];
            let says_more = keys.iter().any(|key| !schema[key].is_null());
            assert!(says_more, "{method} {path}: {schema}");
        }
    }
}

/// Validates a response against the document.
fn check(document: &Value, path: &str, method: &str, response: Response) {
    let status = response.status();
    let documented = &document["paths"][path][method]["responses"][status.as_str()];
    let media_type = response.headers()["content-type"].to_str().unwrap();
    let schema = &documented["content"][media_type]["schema"];
    assert!(schema.is_object(), "{method} {path}: {status}");
    let value: Value = response.json().unwrap();
    let faults = Schemas(document).faults(schema, &value);
    assert!(faults.is_empty(), "{method} {path}: {faults:#?}\n{value:#}");
}

/// Validates the responses of all GET routes that return JSON, after an evaluation whose rows were
/// kept.
fn check_all(server: &Server, name: &str, version: &str) {
    let document: Value = server.get("/openapi.json").json().unwrap();
    let observations: Value = server.get("/observations").json().unwrap();
    let observation = observations["observations"][0]["id"].as_str().unwrap();
    let mut checked = 0;
    for (path, method, operation) in operations(&document) {
        if method == "get" && operation["responses"]["200"]["content"][JSON].is_object() {
            let filled = path.replace("{name}", name).replace("{version}", version);
            let is_observation = path.contains("/observations/");
            let id = if is_observation { observation } else { "last" };
            let response = server.get(&filled.replace("{id}", id));
            assert_eq!(response.status(), 200, "{filled}");
            check(&document, path, method, response);
            checked += 1;
        }
    }
    assert!(checked >= 24, "only {checked} were found");
    let response = server.get("/ready?verbose");
    assert_eq!(response.status(), 200);
    check(&document, "/ready", "get", response);
}

#[test]
fn a_host_with_one_model_answers_as_documented() {
    let observations = TempDir::new().unwrap();
    let observations = observations.path().to_str().unwrap();
    let server = Server::start(&fruit(), &["--observations", observations]);
    let banana = json!({"weight": 121, "length": 17.5, "colour": 2, "kind": "banana"});
    let evaluation = json!({"data": [banana]});
    let tensor = json!({"name": "x", "shape": [1, 3], "datatype": "FP64", "data": [121, 17, 2]});
    let inference = json!({"id": "7", "inputs": [tensor]});
    let document: Value = server.get("/openapi.json").json().unwrap();
    for (path, body) in [
        ("/predict", &banana),
        ("/predict/batch", &json!([banana])),
        ("/evaluate", &evaluation),
        ("/models/{name}/predict", &banana),
        ("/models/{name}/evaluate", &evaluation),
        ("/v2/models/{name}/infer", &inference),
        ("/v2/repository/index", &json!({})),
        ("/v2/repository/models/{name}/load", &json!({})),
    ] {
        let request = server.post(&path.replace("{name}", "fruit")).json(body);
        let response = request.send().unwrap();
        assert_eq!(response.status(), 200, "{path}");
        check(&document, path, "post", response);
    }
    check_all(&server, "fruit", "0.3.0");
    for path in ["/models/{name}", "/v2/models/{name}"] {
        let response = server.get(&path.replace("{name}", "nobody"));
        assert_eq!(response.status(), 404, "{path}");
        check(&document, path, "get", response);
    }
}

#[test]
fn a_host_with_versions_and_trials_answers_as_documented() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("bikes.wasm");
    fs::copy(house::model(), file).unwrap();
    let folder = folder.path().to_str().unwrap();
    let observations = TempDir::new().unwrap();
    let observations = observations.path().to_str().unwrap();
    let server = Server::spawn(&[
        "--models",
        folder,
        "--observations",
        observations,
        "--live-interval",
        "20ms",
    ]);
    let document: Value = server.get("/openapi.json").json().unwrap();
    let send = |method: &str, path: &str, query: &str, component: Vec<u8>| {
        let url = server.url(&(path.replace("{name}", "bikes") + query));
        let request = match method {
            "put" => server.client.put(url).body(component),
            "delete" => server.client.delete(url),
            _ => server.client.post(url),
        };
        let response = request.send().unwrap();
        assert!(response.status().is_success(), "{method} {path}");
        check(&document, path, method, response);
    };
    let model = "/models/{name}";
    let candidate = "/models/{name}/candidate";
    send("put", model, "", SECOND.clone());
    send("post", "/models/{name}/rollback", "", Vec::new());
    check_all_after_an_evaluation(&server);
    send("put", candidate, "", SECOND.clone());
    send("delete", candidate, "", Vec::new());
    send("put", candidate, "?requests=1000000", SECOND.clone());
    check_all_after_an_evaluation(&server);
    send("post", "/models/{name}/promote", "", Vec::new());

    assert_eq!(put(&server, "/models/other", &SECOND).0, 201);
    let unload = "/v2/repository/models/other/unload";
    assert_eq!(server.post(unload).send().unwrap().status(), 200);
    let models: Value = server.get("/models").json().unwrap();
    assert_eq!(models["not_served"][0]["name"], "other");
    check(&document, "/models", "get", server.get("/models"));
    let ready: Value = server.get("/ready?verbose").json().unwrap();
    assert_eq!(ready["not_served"], models["not_served"]);
    check(&document, "/ready", "get", server.get("/ready?verbose"));
}

#[test]
fn with_users_the_readiness_is_as_documented() {
    let guarded = guarded(&[]);
    let response = guarded.server.get("/ready?verbose");
    check(&document_with_users(), "/ready", "get", response);
}

/// Like [`check_all`], for the house model after an evaluation and with a computed live drift.
fn check_all_after_an_evaluation(server: &Server) {
    let records = house::records("2011-07-01..2011-07-03");
    for record in &records {
        assert_eq!(server.post_json("/predict", record).0, 200);
    }
    let evaluation = json!({"data": records, "evaluation_period_name": "July"});
    assert_eq!(server.post_json("/evaluate", &evaluation).0, 200);
    until("drift", || {
        let live: Value = server.get("/live").json().unwrap();
        !live["drift"].is_null()
    });
    check_all(server, "bikes", "1.0.0");
}
