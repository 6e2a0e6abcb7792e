//! The schemas and examples of one model: its own fields.

use canopy_drift::{Method, Reference};
use canopy_runtime::{Column, Feature, Kind, ModelInfo, Task};
use serde_json::{Map, Value, json};

use super::schema::schema_ref;
use crate::http::handler::columns;
use crate::loaded_model::LoadedModel;
use crate::models::{RegisteredModel, Version};

/// A model as it is described.
pub(super) struct Described {
    version: std::sync::Arc<Version>,
    /// Its name; nothing for the default model, whose schemas have no prefix.
    name: Option<String>,
}

/// Examples of what a model takes and answers.
pub(super) struct Examples {
    pub(super) record: Map<String, Value>,
    pub(super) labelled: Map<String, Value>,
    pub(super) csv_in: String,
    pub(super) csv_out: String,
}

impl Described {
    pub(super) fn new(model: &RegisteredModel, is_default: bool) -> Self {
        Self {
            version: model.serving(),
            name: (!is_default).then(|| model.name.to_string()),
        }
    }

    fn loaded(&self) -> &LoadedModel {
        &self.version.loaded
    }

    /// Whether it is the default model.
    pub(super) fn is_default(&self) -> bool {
        self.name.is_none()
    }

    pub(super) fn info(&self) -> &ModelInfo {
        self.loaded().model().info()
    }

    /// A reference to one of its schemas.
    pub(super) fn schema_ref(&self, what: &str) -> Value {
        schema_ref(&self.own(what))
    }

    /// What it takes and answers, by example.
    pub(super) fn examples(&self) -> Examples {
        let model = self.loaded().model();
        let info = model.info();
        let record = example(&info.features);
        let mut labelled = record.clone();
        let target = model
            .reference()
            .iter()
            .find(|column| column.name == info.target);
        labelled.insert(info.target.clone(), target_example(info, target));
        let (csv_in, csv_out) = csv_examples(info);
        Examples {
            record,
            labelled,
            csv_in,
            csv_out,
        }
    }

    /// The name of a schema of this model.
    fn own(&self, what: &str) -> String {
        match &self.name {
            Some(name) => format!("{name}.{what}"),
            None => what.to_owned(),
        }
    }

    /// Its schemas.
    pub(super) fn schemas(&self) -> Map<String, Value> {
        let schemas = schemas(self.info(), self.loaded().references(), |name| {
            schema_ref(&self.own(name))
        });
        let named = |(name, schema)| (self.own(name), schema);
        schemas.into_iter().map(named).collect()
    }
}

/// What a model does, in a sentence.
pub(super) fn description(info: &ModelInfo) -> String {
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
    (input, format!("{}\n…\n", columns(info).join(",")))
}

fn schemas(
    info: &ModelInfo,
    references: &[Reference],
    schema_ref: impl Fn(&str) -> Value,
) -> [(&'static str, Value); 4] {
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
    [
        (
            "Record",
            json!({"type": "object", "required": names, "properties": fields}),
        ),
        (
            "LabelledRecord",
            json!({
                "type": "object",
                "required": labelled_names,
                "properties": labelled_fields,
            }),
        ),
        ("Prediction", prediction_schema(info)),
        (
            "Evaluation",
            json!({
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
            }),
        ),
    ]
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
    let description = feature.description.trim_end_matches('.');
    json!({
        "type": "number",
        "description": format!(
            "{description}{unit}. {kind}; {} to {} in training.",
            feature.minimum, feature.maximum
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
                    field: {"enum": info.classes, "description": "The argmax class"},
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
