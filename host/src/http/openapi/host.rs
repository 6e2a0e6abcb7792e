//! The routes of the host itself, and those that change what a model serves.

use serde_json::{Map, Value, json};

use super::schema::{answer_of, get, problem, schema_ref};
use crate::http::body::Format;

/// Routes that are the same whatever is served.
pub(super) fn paths() -> Map<String, Value> {
    let host = json!({
        "/metrics": get("metrics", "host", "Metrics in the text format of Prometheus", "text/plain"),
        "/health": get("health", "host", "200 while the process lives", Format::JSON),
        "/ready": {"get": {
            "operationId": "ready",
            "tags": ["host"],
            "summary": "200 while requests are taken",
            "responses": {
                "200": answer_of("Ready", Format::JSON),
                "503": problem("The host is stopping"),
            },
        }},
        "/openapi.json": get("openapi", "host", "This document", Format::JSON),
        "/": {"get": {
            "operationId": "greeting",
            "tags": ["host"],
            "summary": "A greeting; the console for who accepts HTML",
            "responses": {"200": {"description": "A greeting or the console", "content": {
                Format::JSON: {"schema": {"type": "object"}},
                "text/html": {"schema": {"type": "string"}},
            }}},
        }},
    });
    let Value::Object(mut paths) = host else {
        return Map::new();
    };
    paths.insert(
        "/models".to_owned(),
        get("models", "versions", "All models", Format::JSON),
    );
    paths.extend(changes());
    paths
}

/// Changes of what a model serves; refused where the host keeps no versions.
fn changes() -> Map<String, Value> {
    let upload = |id: &str, summary: &str, parameters: &[Value]| {
        let parameters = [&[name()], parameters].concat();
        json!({
            "operationId": id,
            "tags": ["versions"],
            "summary": summary,
            "parameters": parameters,
            "requestBody": {"required": true, "content": {
                "application/wasm": {"schema": {"type": "string", "format": "binary"}},
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            }},
            "responses": answers(&[
                ("408", "The body did not arrive in time"),
                ("413", "The component is too large"),
                ("415", "The media type is not taken"),
                ("422", "The component is not fit to serve, or a parameter cannot be meant"),
                ("503", "Other components are being uploaded"),
                ("507", "The disk is full"),
            ]),
        })
    };
    let change = |id: &str, summary: &str| {
        json!({
            "operationId": id,
            "tags": ["versions"],
            "summary": summary,
            "parameters": [name()],
            "responses": answers(&[("422", "The version is no longer fit to serve"), ("507", "The disk is full")]),
        })
    };
    let retire = json!({
        "operationId": "retire",
        "tags": ["versions"],
        "summary": "Retire a model",
        "parameters": [name()],
        "responses": {
            "204": {"description": "It is not served any more"},
            "403": problem("The host keeps no versions"),
            "404": problem("There is no such model"),
            "409": problem("The model stays"),
            "422": problem("That is no name of a model"),
            "500": problem("The disk failed"),
        },
    });
    let describe = json!({
        "operationId": "describe",
        "tags": ["versions"],
        "summary": "What a model says of itself, its versions, its candidate",
        "parameters": [name()],
        "responses": {
            "200": answer_of("The model", Format::JSON),
            "404": problem("There is no such model"),
            "422": problem("That is no name of a model"),
        },
    });
    let allow = query("allow", json!({"enum": ["feature-change"]}));
    Map::from_iter([
        (
            "/models/{name}".to_owned(),
            json!({
                "get": describe,
                "put": upload("upload", "Serve a component", &[allow]),
                "delete": retire,
            }),
        ),
        (
            "/models/{name}/candidate".to_owned(),
            json!({
                "put": upload("propose", "Put a component on trial", &plan()),
                "delete": change("withdraw", "End the trial"),
            }),
        ),
        (
            "/models/{name}/rollback".to_owned(),
            json!({"post": change("rollBack", "Serve the version before")}),
        ),
        (
            "/models/{name}/promote".to_owned(),
            json!({"post": change("promote", "Serve the candidate")}),
        ),
    ])
}

/// The plan of a trial.
fn plan() -> Vec<Value> {
    let share = json!({"type": "number", "minimum": 0, "maximum": 1});
    let number = json!({"type": "number", "minimum": 0});
    vec![
        query("mode", json!({"enum": ["shadow", "canary"]})),
        query("share", share.clone()),
        query("requests", json!({"type": "integer", "minimum": 1})),
        query("max-errors", share.clone()),
        query("max-latency", number.clone()),
        query("max-disagreement", share),
        query("tolerance", number),
    ]
}

fn name() -> Value {
    json!({"name": "name", "in": "path", "required": true, "schema": {"type": "string"}})
}

fn query(name: &str, schema: Value) -> Value {
    json!({"name": name, "in": "query", "schema": schema})
}

fn answers(others: &[(&str, &str)]) -> Value {
    let done = json!({
        "description": "Done",
        "content": {Format::JSON: {"schema": schema_ref("Change")}},
    });
    let errors = [
        ("403", "The host keeps no versions"),
        ("404", "There is no such model"),
        ("409", "The change cannot be made as things are"),
        ("500", "The disk failed"),
    ];
    let errors = errors.iter().chain(others);
    let mut answers = Map::from_iter([("200".to_owned(), done.clone()), ("201".to_owned(), done)]);
    answers.extend(errors.map(|(status, text)| ((*status).to_owned(), problem(text))));
    Value::Object(answers)
}
