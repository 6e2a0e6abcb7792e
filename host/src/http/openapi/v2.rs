//! The routes of the Open Inference Protocol, whose own specification says more.

use serde_json::{Map, Value, json};

use super::schema::{answer_of, schema_ref};
use crate::http::body::Format;

/// The routes, for every model.
pub(super) fn paths() -> Map<String, Value> {
    let mut paths = Map::from_iter([
        (
            "/v2".to_owned(),
            get("v2Server", "The server and its extensions", &[], &[]),
        ),
        (
            "/v2/health/live".to_owned(),
            get("v2Live", "200 while the process lives", &[], &[]),
        ),
        (
            "/v2/health/ready".to_owned(),
            json!({"get": {
                "operationId": "v2Ready",
                "tags": [TAG],
                "summary": "200 while requests are taken",
                "responses": {
                    "200": answer_of("Ready", Format::JSON),
                    "503": answer_of("The host is stopping", Format::JSON),
                },
            }}),
        ),
        (
            "/v2/repository/index".to_owned(),
            json!({"post": {
                "operationId": "v2Index",
                "tags": [TAG],
                "summary": "All models",
                "responses": {"200": {
                    "description": "Name, version and state of each",
                    "content": {Format::JSON: {"schema": {
                        "type": "array",
                        "items": {"type": "object"},
                    }}},
                }},
            }}),
        ),
    ]);
    for (change, summary) in [
        (
            "load",
            "Serve a model that was unloaded; look at the file of one that is served",
        ),
        (
            "unload",
            "Serve a model no longer, until it is loaded or the host starts anew",
        ),
    ] {
        let errors = [
            ("404", "There is no such model"),
            ("409", "The model stays"),
            ("422", "The model is not fit to serve"),
            ("500", "The disk failed"),
        ];
        let operation = json!({"post": {
            "operationId": format!("v2{change}"),
            "tags": [TAG],
            "summary": summary,
            "parameters": [parameter("name")],
            "responses": answers(&errors),
        }});
        paths.insert(
            format!("/v2/repository/models/{{name}}/{change}"),
            operation,
        );
    }
    for (prefix, suffix, names) in [
        ("/v2/models/{name}", "", &["name"][..]),
        (
            "/v2/models/{name}/versions/{version}",
            "OfVersion",
            &["name", "version"],
        ),
    ] {
        let missing = [("404", "There is no such model or version")];
        let id = |what: &str| format!("v2{what}{suffix}");
        paths.extend([
            (
                prefix.to_owned(),
                get(
                    &id("Metadata"),
                    "Inputs and outputs of a model",
                    names,
                    &missing,
                ),
            ),
            (
                format!("{prefix}/ready"),
                get(
                    &id("ModelReady"),
                    "200 if the model is served",
                    names,
                    &missing,
                ),
            ),
            (format!("{prefix}/infer"), infer(&id("Infer"), names)),
        ]);
    }
    paths
}

const TAG: &str = "open inference protocol";

fn infer(id: &str, names: &[&str]) -> Value {
    let errors = [
        ("400", "The request is malformed or does not fit the model"),
        ("404", "There is no such model or version"),
        ("408", "The body did not arrive in time"),
        ("413", "The body is too large"),
        ("422", "The model refuses a row"),
        ("500", "The model failed"),
        ("503", "The host is overloaded; try again after Retry-After"),
        ("504", "The model took too long"),
    ];
    let parameters: Vec<Value> = names.iter().map(|name| parameter(name)).collect();
    json!({"post": {
        "operationId": id,
        "tags": [TAG],
        "summary": "Infer from one tensor [n, features], or one for each feature",
        "parameters": parameters,
        "requestBody": {"required": true, "content": {Format::JSON: {"schema": {
            "type": "object",
            "required": ["inputs"],
            "properties": {
                "id": {"type": "string"},
                "inputs": {"type": "array", "minItems": 1, "items": {
                    "type": "object",
                    "required": ["name", "shape", "datatype"],
                    "properties": {
                        "name": {"type": "string"},
                        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
                        "datatype": {"type": "string"},
                        "data": {"type": "array", "items": {}},
                    },
                }},
            },
        }}}},
        "responses": answers(&errors),
    }})
}

fn get(id: &str, summary: &str, names: &[&str], errors: &[(&str, &str)]) -> Value {
    let parameters: Vec<Value> = names.iter().map(|name| parameter(name)).collect();
    json!({"get": {
        "operationId": id,
        "tags": [TAG],
        "summary": summary,
        "parameters": parameters,
        "responses": answers(errors),
    }})
}

fn answers(errors: &[(&str, &str)]) -> Value {
    let error = |description: &str| {
        json!({
            "description": description,
            "content": {Format::JSON: {"schema": schema_ref("InferenceError")}},
        })
    };
    let mut answers = Map::from_iter([("200".to_owned(), answer_of("Done", Format::JSON))]);
    answers.extend(
        errors
            .iter()
            .map(|(status, text)| ((*status).to_owned(), error(text))),
    );
    Value::Object(answers)
}

fn parameter(name: &str) -> Value {
    json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
}
