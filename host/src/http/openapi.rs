//! The OpenAPI 3.1 document, made from the loaded model's own features and examples.

use canopy_drift::{Method, Reference};
use serde_json::{Map, Value, json};

use super::answer;
use super::body::Format;
use crate::runtime::{Column, Feature, Kind, ModelInfo, Task};
use crate::served::Served;

/// The document for a model.
pub(super) fn document(served: &Served) -> Value {
    let model = served.model();
    let info = model.info();
    let example = example(&info.features);
    let mut labelled = example.clone();
    let target = model
        .reference()
        .iter()
        .find(|column| column.name == info.target);
    labelled.insert(info.target.clone(), target_example(info, target));
    let (csv_in, csv_out) = csv_examples(info);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("{} on Canopy", info.name),
            "version": info.version,
            "description": description(info),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [
            {"name": "model", "description": "Predictions and their quality"},
            {"name": "host", "description": "The host itself"},
        ],
        "paths": {
            "/predict": {"post": {
                "operationId": "predict",
                "tags": ["model"],
                "summary": "Predict one record",
                "description": "Features by name, in any order. Other keys are ignored.",
                "requestBody": json_body("Record", &json!(example)),
                "responses": responses("The prediction", "Prediction"),
            }},
            "/predict/batch": {"post": {
                "operationId": "predictBatch",
                "tags": ["model"],
                "summary": "Predict many records",
                "description": "A list of records, answered in the order and the form they came \
                                in. If one record cannot be used, none is predicted.",
                "requestBody": {"required": true, "content": {
                    Format::JSON: {
                        "schema": {"type": "array", "items": schema_ref("Record")},
                        "example": [example],
                    },
                    Format::CSV: {"schema": {"type": "string"}, "example": csv_in},
                    Format::ARROW: {"schema": {"type": "string", "format": "binary"}},
                }},
                "responses": with_errors(json!({
                    "description": "The predictions",
                    "content": {
                        Format::JSON: {
                            "schema": {"type": "array", "items": schema_ref("Prediction")},
                        },
                        Format::CSV: {"schema": {"type": "string"}, "example": csv_out},
                        Format::ARROW: {"schema": {"type": "string", "format": "binary"}},
                    },
                })),
            }},
            "/evaluate": {"post": {
                "operationId": "evaluate",
                "tags": ["model"],
                "summary": "Score labelled records and measure their drift",
                "description": "Compares predictions with true values, and every column with the \
                                model's reference sample.",
                "requestBody": json_body("Evaluation", &json!({
                    "data": [labelled],
                    "evaluation_period_name": "week1",
                })),
                "responses": responses("Scores and drift", "Report"),
            }},
            "/model": get("model", "model", "What the model says of itself", Format::JSON),
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
            "/": get("greeting", "host", "A greeting", Format::JSON),
        },
        "components": {"schemas": schemas(info, served.references())},
    })
}

fn description(info: &ModelInfo) -> String {
    let training = &info.training;
    let period = match (&training.from, &training.until) {
        (Some(from), Some(until)) => format!(", {from} to {until}"),
        _ => String::new(),
    };
    let task = match info.task {
        Task::Regression => "a regression",
        Task::Classification => "a classification",
    };
    format!(
        "Predicts `{}`, {task} on {} features, trained on {} rows{period}.",
        info.target,
        info.features.len(),
        training.rows
    )
}

/// The example record of the model.
fn example(features: &[Feature]) -> Map<String, Value> {
    let fields = features.iter();
    fields
        .map(|feature| (feature.name.clone(), json!(feature.example)))
        .collect()
}

/// A true value that occurred in training.
fn target_example(info: &ModelInfo, target: Option<&Column>) -> Value {
    let value = target.map_or(0.0, |column| column.values[0]);
    match info.task {
        Task::Regression => json!(value),
        Task::Classification => json!(info.classes.get(value as usize)),
    }
}

fn csv_examples(info: &ModelInfo) -> (String, String) {
    let names: Vec<&str> = info.features.iter().map(|f| f.name.as_str()).collect();
    let values: Vec<String> = info
        .features
        .iter()
        .map(|f| f.example.to_string())
        .collect();
    let input = format!("{}\n{}\n", names.join(","), values.join(","));
    (input, format!("{}\n…\n", answer::columns(info).join(",")))
}

fn schemas(info: &ModelInfo, references: &[Reference]) -> Value {
    let names: Vec<&str> = info.features.iter().map(|f| f.name.as_str()).collect();
    let fields: Map<String, Value> = info
        .features
        .iter()
        .map(|feature| (feature.name.clone(), feature_schema(feature)))
        .collect();
    let methods: Map<String, Value> = references
        .iter()
        .map(|reference| {
            let applying = Method::ALL
                .into_iter()
                .filter(|method| method.applies_to(reference.kind()));
            let names: Vec<&str> = applying.map(Method::name).collect();
            (reference.column().to_owned(), json!({"enum": names}))
        })
        .collect();
    let mut labelled_fields = fields.clone();
    labelled_fields.insert(info.target.clone(), target_schema(info));
    let labelled_names: Vec<&str> = names
        .iter()
        .copied()
        .chain([info.target.as_str()])
        .collect();
    json!({
        "Record": {"type": "object", "required": names, "properties": fields},
        "LabelledRecord": {
            "type": "object",
            "required": labelled_names,
            "properties": labelled_fields,
        },
        "Prediction": prediction_schema(info),
        "Evaluation": {
            "type": "object",
            "required": ["data"],
            "properties": {
                "data": {"type": "array", "minItems": 1, "items": schema_ref("LabelledRecord")},
                "evaluation_period_name": {"type": ["string", "null"], "maxLength": 256},
                "observe": {
                    "type": ["boolean", "null"],
                    "description": "False if the rows must not be kept for a retraining",
                },
                "drift_methods": {
                    "type": ["object", "null"],
                    "description": "Method by column, where the default is not wanted",
                    "properties": methods,
                    "additionalProperties": false,
                },
            },
        },
        "Report": report_schema(info),
        "Problem": {
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
        },
    })
}

fn feature_schema(feature: &Feature) -> Value {
    let unit = match feature.unit.as_str() {
        "" => String::new(),
        unit => format!(" [{unit}]"),
    };
    let kind = match feature.kind {
        Kind::Numerical => "Numerical",
        Kind::Categorical => "Categorical",
    };
    json!({
        "type": "number",
        "description": format!(
            "{}{unit}. {kind}; {} to {} in training.",
            feature.description, feature.minimum, feature.maximum
        ),
        "examples": [feature.example],
    })
}

fn target_schema(info: &ModelInfo) -> Value {
    match info.task {
        Task::Regression => json!({"type": "number", "description": "The true value"}),
        Task::Classification => json!({
            "description": "The true class: its label, or a number if the label is one",
            "anyOf": [{"enum": info.classes}, {"type": "number"}],
        }),
    }
}

fn prediction_schema(info: &ModelInfo) -> Value {
    let field = &info.response_field;
    match info.task {
        Task::Regression => json!({
            "type": "object",
            "required": [field],
            "properties": {field: {"type": "number", "description": format!("Predicted {}", info.target)}},
        }),
        Task::Classification => {
            let shares: Map<String, Value> = info
                .classes
                .iter()
                .map(|class| (class.clone(), json!({"type": "number"})))
                .collect();
            json!({
                "type": "object",
                "required": [field, "probabilities"],
                "properties": {
                    field: {"enum": info.classes, "description": "The likeliest class"},
                    "probabilities": {
                        "type": "object",
                        "required": info.classes,
                        "properties": shares,
                    },
                },
            })
        }
    }
}

fn report_schema(info: &ModelInfo) -> Value {
    let number = json!({"type": "number"});
    let or_null = json!({"type": ["number", "null"]});
    let scores: &[(&str, &Value)] = match info.task {
        Task::Regression => &[
            ("rmse", &number),
            ("mape", &or_null),
            ("mae", &number),
            ("r2score", &or_null),
            ("mean_error", &number),
            ("max_error", &number),
        ],
        Task::Classification => &[
            ("accuracy", &number),
            ("precision", &number),
            ("recall", &number),
            ("f1", &number),
            ("roc_auc", &or_null),
        ],
    };
    let others = json!({
        "message": {"type": "string"},
        "drift_detected": {"type": "integer", "enum": [0, 1]},
        "drift_share": number,
        "drift_share_threshold": number,
        "drifted_columns": {"type": "integer"},
        "evaluated_items": {"type": "integer"},
        "evaluation_period_name": {"type": ["string", "null"]},
        "columns": {"type": "array", "items": {
            "type": "object",
            "required": ["column", "method", "score", "threshold", "drifted"],
            "properties": {
                "column": {"type": "string"},
                "method": {"type": "string"},
                "score": or_null,
                "threshold": number,
                "drifted": {"type": "boolean"},
            },
        }},
    });
    let scores = scores
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), (*schema).clone()));
    let mut properties: Map<String, Value> = scores.collect();
    properties.extend(others.as_object().cloned().unwrap_or_default());
    let required: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "required": required, "properties": properties})
}

fn schema_ref(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn json_body(schema: &str, example: &Value) -> Value {
    json!({"required": true, "content": {
        Format::JSON: {"schema": schema_ref(schema), "example": example},
    }})
}

fn responses(description: &str, schema: &str) -> Value {
    with_errors(json!({
        "description": description,
        "content": {Format::JSON: {"schema": schema_ref(schema)}},
    }))
}

/// The answers of a route that takes a body and calls the model.
fn with_errors(success: Value) -> Value {
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

fn problem(description: &str) -> Value {
    json!({"description": description, "content": {
        "application/problem+json": {"schema": schema_ref("Problem")},
    }})
}

fn get(id: &str, tag: &str, summary: &str, media_type: &str) -> Value {
    json!({"get": {
        "operationId": id,
        "tags": [tag],
        "summary": summary,
        "responses": {"200": answer_of(summary, media_type)},
    }})
}

fn answer_of(description: &str, media_type: &str) -> Value {
    let ty = if media_type == Format::JSON {
        "object"
    } else {
        "string"
    };
    json!({"description": description, "content": {media_type: {"schema": {"type": ty}}}})
}
