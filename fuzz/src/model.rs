//! Models that bodies are read for.

use std::sync::LazyLock;

use canopy_rows::Schema;
use canopy_runtime::{Feature, Kind, ModelInfo, Task, Training};

/// Names of the features, some of which have to be quoted.
const FEATURES: [&str; 4] = ["temp", "hr", "wind speed", "é,\"\\"];
/// Name of the target.
pub(crate) const TARGET: &str = "cnt";

/// Models that read the same features: one predicts numbers, one classes.
pub(crate) static SCHEMAS: LazyLock<[Schema; 2]> = LazyLock::new(|| {
    let classes = ["1", "2.50", "apple"].map(String::from);
    [
        schema(Task::Regression, Vec::new()),
        schema(Task::Classification, classes.to_vec()),
    ]
});

/// A model of so many features that a record of none of them is far smaller than its row.
pub(crate) static WIDE: LazyLock<Schema> = LazyLock::new(|| {
    let names = (0..500).map(|index| format!("f{index}"));
    Schema::new(&info(Task::Regression, Vec::new(), names))
});

fn schema(task: Task, classes: Vec<String>) -> Schema {
    Schema::new(&info(task, classes, FEATURES.map(String::from).into_iter()))
}

fn info(task: Task, classes: Vec<String>, names: impl Iterator<Item = String>) -> ModelInfo {
    let feature = |name| Feature {
        name,
        kind: Kind::Numerical,
        description: String::new(),
        unit: String::new(),
        minimum: 0.0,
        maximum: 1.0,
        mean: 0.5,
        standard_deviation: 0.25,
        example: 0.5,
        importance: None,
    };
    ModelInfo {
        name: "model".into(),
        version: "1".into(),
        task,
        target: TARGET.into(),
        response_field: "predicted".into(),
        classes,
        features: names.map(feature).collect(),
        training: Training {
            rows: 1,
            from: None,
            until: None,
            data_digest: String::new(),
        },
        parameters: Vec::new(),
    }
}
