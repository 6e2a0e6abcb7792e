//! Pieces of the document that models and host share.

use serde_json::{Map, Value, json};
use utoipa::PartialSchema;

use crate::http::handler::format::Format;
use crate::models::Change;

/// The tag of the routes of the Open Inference Protocol.
pub(super) const PROTOCOL: &str = "open inference protocol";

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
    Map::from_iter([
        ("Problem".to_owned(), problem),
        ("Change".to_owned(), schema_of::<Change>()),
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

/// The schema of a type, derived from its definition.
pub(super) fn schema_of<T: PartialSchema>() -> Value {
    json!(T::schema())
}

pub(super) fn schema_ref(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

pub(super) fn problem(description: &str) -> Value {
    json!({"description": description, "content": {
        "application/problem+json": {"schema": schema_ref("Problem")},
    }})
}

/// An error in the form of the Open Inference Protocol.
pub(super) fn inference_error(description: &str) -> Value {
    json!({"description": description, "content": {
        Format::JSON: {"schema": schema_ref("InferenceError")},
    }})
}

/// An answer of a media type, of which no more is said.
pub(super) fn answer(description: &str, media_type: &str) -> Value {
    let ty = if media_type == Format::JSON {
        "object"
    } else {
        "string"
    };
    json!({"description": description, "content": {media_type: {"schema": {"type": ty}}}})
}
