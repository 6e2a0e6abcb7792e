//! Operations whose bodies contain the fields of a model.

use serde_json::{Value, json};

use super::model::Described;
use super::schema::{answer, content, problem, responses};
use crate::http::handler::evaluate::EvaluationResult;
use crate::http::handler::format::Format;

const ERRORS: [(&str, &str); 8] = [
    ("400", "The body is malformed"),
    ("408", "The body did not arrive in time"),
    ("413", "The body is too large"),
    ("415", "The media type is not supported"),
    (
        "422",
        "Fields are missing or invalid; all of them are listed",
    ),
    ("500", "The model failed"),
    ("503", "The host is overloaded; retry after Retry-After"),
    ("504", "The model took too long"),
];

/// The operation with an id, if it is one of these; the default model is the first of `models`.
pub(super) fn operation(id: &str, models: &[Described]) -> Option<Value> {
    let default = &models[..models.len().min(1)];
    let operation = match id {
        "predict" => predict(default),
        "predictNamed" => named(predict(models)),
        "predictBatch" => predict_batch(default),
        "predictBatchNamed" => named(predict_batch(models)),
        "evaluate" => evaluate(default),
        "evaluateNamed" => named(evaluate(models)),
        _ => return None,
    };
    Some(operation)
}

fn predict(models: &[Described]) -> Value {
    let examples = models.first().map(Described::examples);
    let prediction = any_of(models, "Prediction");
    let success = content("The prediction", Format::JSON, prediction);
    json!({
        "tags": ["model"],
        "summary": "Predict one record",
        "description": "Features by name, in any order. Other keys are ignored.",
        "requestBody": {"required": true, "content": {Format::JSON: {
            "schema": any_of(models, "Record"),
            "example": examples.map(|examples| examples.record),
        }}},
        "responses": responses(success, &ERRORS, problem),
    })
}

fn predict_batch(models: &[Described]) -> Value {
    let examples = models.first().map(Described::examples);
    let (record, csv_in, csv_out) = examples.map_or_else(Default::default, |examples| {
        (examples.record, examples.csv_in, examples.csv_out)
    });
    let list = |schema: &str| json!({"type": "array", "items": any_of(models, schema)});
    let success = json!({
        "description": "The predictions",
        "content": {
            Format::JSON: {"schema": list("Prediction")},
            Format::CSV: {"schema": {"type": "string"}, "example": csv_out},
            Format::ARROW: {"schema": {"type": "string", "format": "binary"}},
        },
    });
    json!({
        "tags": ["model"],
        "summary": "Predict many records",
        "description": "Predictions have the order and the format of the records. If one record is \
                        invalid, none is predicted.",
        "requestBody": {"required": true, "content": {
            Format::JSON: {"schema": list("Record"), "example": [record]},
            Format::CSV: {"schema": {"type": "string"}, "example": csv_in},
            Format::ARROW: {"schema": {"type": "string", "format": "binary"}},
        }},
        "responses": responses(success, &ERRORS, problem),
    })
}

fn evaluate(models: &[Described]) -> Value {
    let examples = models.first().map(Described::examples);
    let labelled = examples.map(|examples| examples.labelled);
    let success = answer::<EvaluationResult>("Scores and drift");
    json!({
        "tags": ["model"],
        "summary": "Score labelled records and measure their drift",
        "description": "Compares the predictions with the true values, and every column with the \
                        model's reference sample.",
        "requestBody": {"required": true, "content": {Format::JSON: {
            "schema": any_of(models, "Evaluation"),
            "example": {"data": [labelled], "evaluation_period_name": "week1"},
        }}},
        "responses": responses(success, &ERRORS, problem),
    })
}

/// An operation on the model named in the path.
fn named(mut operation: Value) -> Value {
    operation["responses"]["404"] = problem("There is no such model");
    operation
}

/// The schema of a body that may be about any of the models, each of which has a schema of its own.
fn any_of(models: &[Described], schema: &str) -> Value {
    match models {
        [] => json!({}),
        [only] => only.schema_ref(schema),
        several => {
            let each: Vec<Value> = several.iter().map(|it| it.schema_ref(schema)).collect();
            json!({"anyOf": each})
        }
    }
}
