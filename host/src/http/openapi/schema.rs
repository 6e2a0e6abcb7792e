//! Pieces of the document that models and host share.

use serde_json::{Map, Value, json};

use crate::http::body::Format;

/// Schemas that do not depend on a model.
pub(super) fn shared() -> Map<String, Value> {
    let problem = json!({
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "detail", "errors"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {"type": "array", "items": {
                "type": "object",
                "required": ["field", "problem"],
                "properties": {
                    "field": {"type": "string"},
                    "problem": {"type": "string"},
                    "row": {"type": "integer", "minimum": 0},
                },
            }},
        },
    });
    let change = json!({
        "type": "object",
        "required": ["name", "version", "digest", "outcome"],
        "properties": {
            "name": {"type": "string"},
            "version": {"type": "string"},
            "digest": {"type": "string", "description": "SHA-256 of the component"},
            "outcome": {"enum": [
                "created", "swapped", "unchanged", "rolled-back", "proposed", "promoted",
                "withdrawn",
            ]},
        },
    });
    Map::from_iter([
        ("Problem".to_owned(), problem),
        ("Change".to_owned(), change),
        (
            "InferenceError".to_owned(),
            json!({
                "type": "object",
                "required": ["error"],
                "properties": {"error": {"type": "string"}},
            }),
        ),
    ])
}

pub(super) fn schema_ref(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

pub(super) fn json_body(schema: &str, example: &Value) -> Value {
    json!({"required": true, "content": {
        Format::JSON: {"schema": schema_ref(schema), "example": example},
    }})
}

pub(super) fn responses(description: &str, schema: &str) -> Value {
    with_errors(json!({
        "description": description,
        "content": {Format::JSON: {"schema": schema_ref(schema)}},
    }))
}

/// The answers of a route that takes a body and calls the model.
pub(super) fn with_errors(success: Value) -> Value {
    let errors = [
        ("400", "The body is malformed"),
        ("408", "The body did not arrive in time"),
        ("413", "The body is too large"),
        ("415", "The media type is not taken"),
        (
            "422",
            "Fields are missing or cannot be used; all of them are named",
        ),
        ("500", "The model failed"),
        ("503", "The host is overloaded; try again after Retry-After"),
        ("504", "The model took too long"),
    ];
    let mut responses = Map::from_iter([("200".to_owned(), success)]);
    responses.extend(errors.map(|(status, text)| (status.to_owned(), problem(text))));
    Value::Object(responses)
}

pub(super) fn problem(description: &str) -> Value {
    json!({"description": description, "content": {
        "application/problem+json": {"schema": schema_ref("Problem")},
    }})
}

/// A route about one of the evaluations that are kept.
pub(super) fn with_id(mut route: Value) -> Value {
    route["get"]["parameters"] = json!([{
        "name": "id",
        "in": "path",
        "required": true,
        "description": "`last` is the newest",
        "schema": {"type": "string"},
    }]);
    route["get"]["responses"]["404"] = problem("There is no such evaluation");
    route
}

pub(super) fn get(id: &str, tag: &str, summary: &str, media_type: &str) -> Value {
    json!({"get": {
        "operationId": id,
        "tags": [tag],
        "summary": summary,
        "responses": {"200": answer_of(summary, media_type)},
    }})
}

pub(super) fn answer_of(description: &str, media_type: &str) -> Value {
    let ty = if media_type == Format::JSON {
        "object"
    } else {
        "string"
    };
    json!({"description": description, "content": {media_type: {"schema": {"type": ty}}}})
}
