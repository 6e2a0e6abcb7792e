//! A model's description as JSON.

use canopy_runtime::{Kind, Model, Task};
use serde_json::{Value, json};

/// A model's description as JSON: its own description, extended with facts about the component.
#[must_use]
pub(crate) fn description(model: &Model) -> Value {
    let info = model.info();
    let mut description = json!(info);
    description["task"] = json!(task(info.task));
    for (position, feature) in info.features.iter().enumerate() {
        description["features"][position]["kind"] = json!(kind(feature.kind));
    }
    description["component"] = json!({
        "digest": format!("sha256:{}", model.digest()),
        "bytes": model.size(),
        "interface": model.interface(),
        "functions": model.functions(),
    });
    description["reference_rows"] = json!(model.reference()[0].values.len());
    description
}

/// The name of a task, as in WIT.
pub(crate) fn task(task: Task) -> &'static str {
    match task {
        Task::Regression => "regression",
        Task::Classification => "classification",
    }
}

/// The name of a kind of feature, as in WIT.
pub(crate) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Numerical => "numerical",
        Kind::Categorical => "categorical",
    }
}
