//! What is counted: each function once, after it has been called once, on rows of the house model.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use canopy_drift::{Method, Reference};
use canopy_forest::{Artifact, Description, Scratch};
use canopy_rows::{Schema, json};
use canopy_runtime::{Feature, Kind, ModelInfo, Task, Training};

use canopy_bench::WEEK;

/// Names of what can be counted.
pub(crate) const NAMES: [&str; 4] = ["json-record", "forest-row", "forest-week", "drift-ks"];

/// Does what one of the names says, with the model of an artifact in a file.
pub(crate) fn perform(name: &str, artifact: &Path) {
    let bytes = fs::read(artifact).unwrap();
    let artifact = Artifact::read(&bytes).unwrap();
    let week = canopy_bench::week(&artifact);
    let row = &week[..artifact.forest.features()];
    match name {
        "json-record" => {
            let schema = Schema::new(&info(&artifact.description));
            let body = canopy_bench::json_record(schema.features(), row);
            twice(&mut || drop(black_box(json::record(body.as_bytes(), &schema).unwrap())));
        }
        "forest-row" | "forest-week" => {
            let rows = if name == "forest-row" { row } else { &week[..] };
            let mut scratch = Scratch::default();
            twice(&mut || {
                drop(black_box(
                    artifact.forest.predict_with(rows, &mut scratch).unwrap(),
                ))
            });
        }
        "drift-ks" => {
            let humidity = artifact
                .reference
                .iter()
                .find(|column| column.name == "hum");
            let (week, rest) = humidity.unwrap().values.split_at(WEEK);
            let reference = Reference::new("hum", canopy_drift::Kind::Numerical, rest);
            twice(&mut || drop(black_box(reference.compare_by(week, Method::Ks).unwrap())));
        }
        _ => panic!("{name} is none of {NAMES:?}"),
    }
}

fn twice(work: &mut dyn FnMut()) {
    work();
    counted(work);
}

/// Instructions are counted in here: [`super::count`] knows it by name.
#[inline(never)]
fn counted(work: &mut dyn FnMut()) {
    work();
    black_box(());
}

/// Of a description what a schema asks for.
fn info(description: &Description) -> ModelInfo {
    let features = description.features.iter().map(|feature| Feature {
        name: feature.name.clone(),
        kind: Kind::Numerical,
        description: String::new(),
        unit: String::new(),
        minimum: feature.minimum,
        maximum: feature.maximum,
        mean: feature.mean,
        standard_deviation: feature.standard_deviation,
        example: feature.example,
        importance: None,
    });
    ModelInfo {
        name: description.name.clone(),
        version: description.version.clone(),
        task: Task::Regression,
        target: description.target.clone(),
        response_field: description.response_field.clone(),
        classes: Vec::new(),
        features: features.collect(),
        training: Training {
            rows: description.training.rows,
            from: None,
            until: None,
            data_digest: String::new(),
        },
        parameters: Vec::new(),
    }
}
