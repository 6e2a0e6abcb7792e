//! What the document says of each route of the table, by its operation id.

use serde_json::{Map, Value, json};

use super::model::Described;
use super::schema::{answer, problem, schema_of, schema_ref};
use super::{observations, protocol};
use crate::http::handler::format::Format;
use crate::http::handler::token::{FORM, Login, Token};
use crate::models::Plan;

const UNPROCESSABLE: (&str, &str) = (
    "422",
    "Fields are missing or cannot be used; all of them are named",
);
/// Errors of routes that take a body and call the model.
const CALL_ERRORS: [(&str, &str); 8] = [
    ("400", "The body is malformed"),
    ("408", "The body did not arrive in time"),
    ("413", "The body is too large"),
    ("415", "The media type is not accepted"),
    UNPROCESSABLE,
    ("500", "The model failed"),
    ("503", "The host is overloaded; try again after Retry-After"),
    ("504", "The model took too long"),
];
const NO_MODEL: (&str, &str) = ("404", "There is no such model");
pub(super) const NOT_A_NAME: (&str, &str) = ("422", "That is not a model name");

/// The operation, without its id, the parameters of its path and its security.
///
/// # Panics
///
/// If the operation is not described here; a test describes all.
pub(super) fn operation(id: &str, models: &[Described]) -> Value {
    let default = &models[..models.len().min(1)];
    match id {
        "predict" => predict(default),
        "predictNamed" => named(predict(models)),
        "predictBatch" => predict_batch(default),
        "predictBatchNamed" => named(predict_batch(models)),
        "evaluate" => evaluate(default),
        "evaluateNamed" => named(evaluate(models)),
        "model" | "describe" => get(
            "model",
            "What a model says of itself, its versions, its candidate",
            Format::JSON,
            &[NO_MODEL, NOT_A_NAME],
        ),
        "live" | "liveNamed" => get(
            "model",
            "Counters since the start, the sliding window and its drift",
            Format::JSON,
            &[NO_MODEL, NOT_A_NAME],
        ),
        "evaluations" | "evaluationsNamed" => evaluations(),
        "evaluation" | "evaluationNamed" => get(
            "model",
            "What an evaluation answered (`last` is the newest), with the distributions of its \
             columns, its predictions and its errors",
            Format::JSON,
            &[("404", "There is no such model or evaluation"), NOT_A_NAME],
        ),
        "report" | "reportNamed" => get(
            "model",
            "The same, drawn, as a file that is complete in itself",
            "text/html",
            &[("404", "There is no such model or evaluation"), NOT_A_NAME],
        ),
        "models" => get("versions", "All models", Format::JSON, &[]),
        "upload" => {
            let allow = query("allow", json!({"enum": ["feature-change"]}));
            upload("Serve a component", vec![allow])
        }
        "propose" => upload("Put a component on trial", plan()),
        "withdraw" => change("End the trial"),
        "rollBack" => change("Serve the version before"),
        "promote" => change("Serve the candidate"),
        "retire" => retire(),
        "metrics" => get(
            "host",
            "Metrics in the text format of Prometheus",
            "text/plain",
            &[],
        ),
        "health" => get("host", "200 while the process lives", Format::JSON, &[]),
        "ready" => ready(),
        "openapi" => get("host", "This document", Format::JSON, &[]),
        "greeting" => json!({
            "tags": ["host"],
            "summary": "A greeting; the console for who accepts HTML",
            "responses": {"200": {"description": "A greeting or the console", "content": {
                Format::JSON: {"schema": {"type": "object"}},
                "text/html": {"schema": {"type": "string"}},
            }}},
        }),
        "docsRedirect" => json!({
            "tags": ["host"],
            "summary": "The way to `docs/`",
            "responses": {"308": {"description": "Moved to `docs/`"}},
        }),
        "docs" => get("host", "This document, to read and try", "text/html", &[]),
        "docsFile" | "consoleFile" => json!({
            "tags": ["host"],
            "summary": "A file of a page",
            "responses": {
                "200": {"description": "The file", "content": {
                    "*/*": {"schema": {"type": "string", "format": "binary"}},
                }},
                "404": problem("The page has no such file"),
            },
        }),
        "token" => token(),
        _ => protocol::operation(id)
            .or_else(|| observations::operation(id))
            .unwrap_or_else(|| unreachable!("the operation {id} is not described")),
    }
}

fn predict(models: &[Described]) -> Value {
    let examples = models.first().map(Described::examples);
    json!({
        "tags": ["model"],
        "summary": "Predict one record",
        "description": "Features by name, in any order. Other keys are ignored.",
        "requestBody": {"required": true, "content": {Format::JSON: {
            "schema": any_of(models, "Record"),
            "example": examples.map(|examples| examples.record),
        }}},
        "responses": responses(json_answer("The prediction", models, "Prediction"), &CALL_ERRORS),
    })
}

fn predict_batch(models: &[Described]) -> Value {
    let examples = models.first().map(Described::examples);
    let (record, csv_in, csv_out) = examples.map_or_else(Default::default, |examples| {
        (examples.record, examples.csv_in, examples.csv_out)
    });
    let list = |schema: &str| json!({"type": "array", "items": any_of(models, schema)});
    let answers = json!({
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
        "description": "A list of records, answered in the order and the form they came in. If \
                        one record cannot be used, none is predicted.",
        "requestBody": {"required": true, "content": {
            Format::JSON: {"schema": list("Record"), "example": [record]},
            Format::CSV: {"schema": {"type": "string"}, "example": csv_in},
            Format::ARROW: {"schema": {"type": "string", "format": "binary"}},
        }},
        "responses": responses(answers, &CALL_ERRORS),
    })
}

fn evaluate(models: &[Described]) -> Value {
    let examples = models.first().map(Described::examples);
    let labelled = examples.map(|examples| examples.labelled);
    json!({
        "tags": ["model"],
        "summary": "Score labelled records and measure their drift",
        "description": "Compares predictions with true values, and every column with the model's \
                        reference sample.",
        "requestBody": {"required": true, "content": {Format::JSON: {
            "schema": any_of(models, "Evaluation"),
            "example": {"data": [labelled], "evaluation_period_name": "week1"},
        }}},
        "responses": responses(json_answer("Scores and drift", models, "Report"), &CALL_ERRORS),
    })
}

fn evaluations() -> Value {
    let mut operation = get(
        "model",
        "Evaluations in figures, the newest first",
        Format::JSON,
        &[NO_MODEL, ("422", "That is not a model name, or not a page")],
    );
    operation["parameters"] = json!([
        query("before", json!({"type": "integer", "minimum": 0})),
        query(
            "limit",
            json!({"type": "integer", "minimum": 1, "maximum": 200, "default": 50})
        ),
    ]);
    operation
}

fn ready() -> Value {
    let mut operation = get(
        "host",
        "200 while requests are answered",
        Format::JSON,
        &[("503", "The host is stopping, or has no default model")],
    );
    operation["parameters"] = json!([{
        "name": "verbose",
        "in": "query",
        "description": "Also say which models are not served, and why",
        "allowEmptyValue": true,
        "schema": {"type": "string"},
    }]);
    operation
}

/// An operation about a model that its path names.
fn named(mut operation: Value) -> Value {
    operation["responses"][NO_MODEL.0] = problem(NO_MODEL.1);
    operation
}

/// A schema that each of the models has its own of.
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

fn json_answer(description: &str, models: &[Described], schema: &str) -> Value {
    json!({"description": description, "content": {
        Format::JSON: {"schema": any_of(models, schema)},
    }})
}

/// The answers of an operation: success, and problems.
fn responses(success: Value, errors: &[(&str, &str)]) -> Value {
    let mut responses = Map::from_iter([("200".to_owned(), success)]);
    let errors = errors.iter();
    responses.extend(errors.map(|(status, text)| ((*status).to_owned(), problem(text))));
    Value::Object(responses)
}

pub(super) fn get(tag: &str, summary: &str, media_type: &str, errors: &[(&str, &str)]) -> Value {
    json!({
        "tags": [tag],
        "summary": summary,
        "responses": responses(answer(summary, media_type), errors),
    })
}

fn upload(summary: &str, parameters: Vec<Value>) -> Value {
    json!({
        "tags": ["versions"],
        "summary": summary,
        "parameters": parameters,
        "requestBody": {"required": true, "content": {
            "application/wasm": {"schema": {"type": "string", "format": "binary"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        }},
        "responses": changes(&[
            ("400", "The body could not be read"),
            ("408", "The body did not arrive in time"),
            ("413", "The component is too large"),
            ("415", "The media type is not accepted"),
            ("422", "The component cannot be loaded, or a parameter is invalid"),
            ("503", "Other components are being uploaded"),
            ("507", "The disk is full"),
        ]),
    })
}

fn change(summary: &str) -> Value {
    json!({
        "tags": ["versions"],
        "summary": summary,
        "responses": changes(&[
            ("422", "The version is no longer fit to serve"),
            ("507", "The disk is full"),
        ]),
    })
}

/// The answers of a change of what a model serves.
fn changes(others: &[(&str, &str)]) -> Value {
    let done = json!({
        "description": "Done",
        "content": {Format::JSON: {"schema": schema_ref("Change")}},
    });
    let errors = [
        ("403", "The host stores no versions"),
        NO_MODEL,
        ("409", "The change cannot be made as things are"),
        ("500", "The disk failed"),
    ];
    let mut answers = responses(done.clone(), &[&errors[..], others].concat());
    answers["201"] = done;
    answers
}

fn retire() -> Value {
    let errors = [
        ("403", "The host stores no versions"),
        NO_MODEL,
        ("409", "The model stays"),
        NOT_A_NAME,
        ("500", "The disk failed"),
    ];
    removal(
        "versions",
        "Retire a model",
        "It is not served any more",
        &errors,
    )
}

/// An operation that is answered 204.
pub(super) fn removal(tag: &str, summary: &str, done: &str, errors: &[(&str, &str)]) -> Value {
    let mut answers = Map::from_iter([("204".to_owned(), json!({"description": done}))]);
    let errors = errors.iter();
    answers.extend(errors.map(|(status, text)| ((*status).to_owned(), problem(text))));
    json!({"tags": [tag], "summary": summary, "responses": answers})
}

/// The plan of a trial.
fn plan() -> Vec<Value> {
    let mut schema = schema_of::<Plan>();
    let fields = schema["properties"].as_object_mut();
    let fields = std::mem::take(fields.unwrap_or(&mut Map::new()));
    let fields = fields.into_iter();
    fields
        .map(|(name, mut schema)| {
            // A query cannot say null: what is nothing by default is left out.
            if let Some(schema) = schema.as_object_mut() {
                schema.retain(|key, value| key != "default" || !value.is_null());
            }
            query(&name, schema)
        })
        .collect()
}

pub(super) fn query(name: &str, schema: Value) -> Value {
    json!({"name": name, "in": "query", "schema": schema})
}

fn token() -> Value {
    let login = schema_of::<Login>();
    let issued = json!({
        "description": "The token",
        "content": {Format::JSON: {"schema": schema_of::<Token>()}},
    });
    let errors = [
        ("400", "User name or password are missing"),
        ("401", "User name or password are wrong"),
        ("408", "The body did not arrive in time"),
        ("413", "The body is too large"),
        ("415", "The media type is not accepted"),
        ("429", "Too many failed logins; try again after Retry-After"),
        (
            "503",
            "Too many logins are waiting; try again after Retry-After",
        ),
    ];
    json!({
        "tags": ["host"],
        "summary": "A token for a user name and a password",
        "requestBody": {"required": true, "content": {
            FORM: {"schema": login},
            Format::JSON: {"schema": login},
        }},
        "responses": responses(issued, &errors),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crate::http::routes::table;

    use super::*;

    #[test]
    fn every_route_is_described_under_an_id_of_its_own() {
        let table = table(true);
        let mut ids = HashSet::new();
        for route in table.routes() {
            assert!(
                ids.insert(route.operation),
                "{} is there twice",
                route.operation
            );
            let operation = operation(route.operation, &[]);
            assert!(operation["summary"].is_string(), "{}", route.operation);
            assert!(operation["responses"].is_object(), "{}", route.operation);
        }
    }
}
