//! Descriptions of operations that are alike.

use serde_json::{Value, json};
use utoipa::ToSchema;

use super::schema::{answer, content, problem, responses};

/// The error of a path with something else in the place of a model's name.
pub(super) const NOT_A_NAME: (&str, &str) = ("422", "The name is not a model name");

/// An operation that reads something of a type.
pub(super) fn get<T: ToSchema>(tag: &str, summary: &str, errors: &[(&str, &str)]) -> Value {
    describe(tag, summary, answer::<T>(summary), errors)
}

/// An operation that reads a text.
pub(super) fn text(tag: &str, summary: &str, media_type: &str, errors: &[(&str, &str)]) -> Value {
    let success = content(summary, media_type, json!({"type": "string"}));
    describe(tag, summary, success, errors)
}

/// An operation with a response and errors.
pub(super) fn describe(tag: &str, summary: &str, success: Value, errors: &[(&str, &str)]) -> Value {
    let responses = responses(success, errors, problem);
    json!({"tags": [tag], "summary": summary, "responses": responses})
}

/// An operation with the response 204.
pub(super) fn removal(tag: &str, summary: &str, done: &str, errors: &[(&str, &str)]) -> Value {
    let mut removal = describe(tag, summary, Value::Null, errors);
    if let Some(responses) = removal["responses"].as_object_mut() {
        responses.shift_remove("200");
        responses.shift_insert(0, "204".to_owned(), json!({"description": done}));
    }
    removal
}

/// The parameters of a query of a type.
pub(super) fn query<T: ToSchema>() -> Vec<Value> {
    let schema = json!(T::schema());
    let fields = schema["properties"].as_object().into_iter().flatten();
    let parameters = fields.map(|(name, schema)| {
        let mut schema = schema.clone();
        // A query cannot contain null.
        if let Some(schema) = schema.as_object_mut() {
            schema.retain(|key, value| key != "default" || !value.is_null());
            if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
                types.retain(|name| name != "null");
            }
        }
        json!({"name": name, "in": "query", "schema": schema})
    });
    parameters.collect()
}
