//! The routes of the Open Inference Protocol, whose own specification says more.

use serde_json::{Map, Value, json};

use super::schema::{PROTOCOL, answer, inference_error};
use crate::http::handler::format::Format;

/// The operation, if it is one of the protocol.
pub(super) fn operation(id: &str) -> Option<Value> {
    let missing = [("404", "There is no such model or version")];
    let operation = match id {
        "v2Server" => get("The server and its extensions", &[]),
        "v2Live" => get("200 while the process lives", &[]),
        "v2Ready" => json!({
            "tags": [PROTOCOL],
            "summary": "200 while requests are answered",
            "responses": {
                "200": answer("Ready", Format::JSON),
                "503": answer("The host is stopping", Format::JSON),
            },
        }),
        "v2Index" => json!({
            "tags": [PROTOCOL],
            "summary": "All models",
            "responses": {"200": {
                "description": "Name, version and state of each",
                "content": {Format::JSON: {"schema": {
                    "type": "array",
                    "items": {"type": "object"},
                }}},
            }},
        }),
        "v2load" => {
            change("Serve a model that was unloaded; look at the file of one that is served")
        }
        "v2unload" => change("Serve a model no longer, until it is loaded or the host starts anew"),
        "v2Metadata" | "v2MetadataOfVersion" => get("Inputs and outputs of a model", &missing),
        "v2ModelReady" | "v2ModelReadyOfVersion" => get("200 if the model is served", &missing),
        "v2Infer" | "v2InferOfVersion" => infer(),
        _ => return None,
    };
    Some(operation)
}

fn change(summary: &str) -> Value {
    let errors = [
        ("404", "There is no such model"),
        ("409", "The model stays"),
        ("422", "The model cannot be loaded"),
        ("500", "The disk failed"),
    ];
    get(summary, &errors)
}

fn infer() -> Value {
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
    json!({
        "tags": [PROTOCOL],
        "summary": "Infer from one tensor [n, features], or one for each feature",
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
    })
}

fn get(summary: &str, errors: &[(&str, &str)]) -> Value {
    json!({"tags": [PROTOCOL], "summary": summary, "responses": answers(errors)})
}

fn answers(errors: &[(&str, &str)]) -> Value {
    let mut answers = Map::from_iter([("200".to_owned(), answer("Done", Format::JSON))]);
    let errors = errors.iter();
    answers.extend(errors.map(|(status, text)| ((*status).to_owned(), inference_error(text))));
    Value::Object(answers)
}
