//! Describes the routes of observations.

use serde_json::{Value, json};

use super::description::{NOT_A_NAME, get, query, removal};
use crate::app::observations::Shown;
use crate::http::handler::observations::{ObservationList, ObservationsQuery};

const ERRORS: [(&str, &str); 4] = [
    ("404", "There is no such model or observation"),
    NOT_A_NAME,
    ("500", "The disk failed"),
    ("503", "The host is overloaded; retry after Retry-After"),
];

/// The operation with an id, if it is one of observations.
pub(super) fn operation(id: &str) -> Option<Value> {
    let operation = match id {
        "observations" | "observationsNamed" => {
            let mut observations = get::<ObservationList>(
                "model",
                "The stored rows of evaluations that a retraining learns from, newest first",
                &ERRORS,
            );
            observations["parameters"] = json!(query::<ObservationsQuery>());
            observations
        }
        "observation" | "observationNamed" => get::<Shown>(
            "model",
            "Where stored rows come from, and their columns in short",
            &ERRORS,
        ),
        "forget" | "forgetNamed" => removal(
            "model",
            "Remove stored rows, so that no retraining learns from them",
            "The rows are removed",
            &ERRORS,
        ),
        _ => return None,
    };
    Some(operation)
}
