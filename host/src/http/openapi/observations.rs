//! The routes of observations.

use serde_json::{Value, json};

use super::operation::{NOT_A_NAME, get, query, removal};
use crate::http::handler::format::Format;

const ERRORS: [(&str, &str); 3] = [
    ("404", "There is no such model or observation"),
    NOT_A_NAME,
    ("503", "The host is overloaded; try again after Retry-After"),
];

/// The operation, if it is one of observations.
pub(super) fn operation(id: &str) -> Option<Value> {
    let operation = match id {
        "observations" | "observationsNamed" => {
            let mut operation = get(
                "model",
                "The stored rows of evaluations that a retraining learns from, the newest first",
                Format::JSON,
                &ERRORS,
            );
            operation["parameters"] = json!([
                query("before", json!({"type": "string"})),
                query(
                    "limit",
                    json!({"type": "integer", "default": 100, "maximum": 1000})
                ),
            ]);
            operation
        }
        "observation" | "observationNamed" => get(
            "model",
            "Where stored rows come from, and their columns in short",
            Format::JSON,
            &ERRORS,
        ),
        "forget" | "forgetNamed" => removal(
            "model",
            "Remove stored rows, so that no retraining learns from them",
            "They are removed",
            &ERRORS,
        ),
        _ => return None,
    };
    Some(operation)
}
