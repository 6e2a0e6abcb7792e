//! What a component says of itself, in the form in which an artifact holds it.

use canopy_drift::Reference;
use canopy_forest::{Column, Description, Feature, Kind, Task};
use canopy_rows::Schema;
use canopy_runtime as host;

use super::form::check_forms;
use crate::memory::bounded;

/// Bytes of memory that may be taken: a line of an error, and a set of names.
const MEMORY: (usize, usize) = (64 << 10, 64);

pub(super) fn check(bytes: &[u8]) -> bool {
    let Ok((description, reference)) = postcard::from_bytes::<(Description, Vec<Column>)>(bytes)
    else {
        return false;
    };
    let (info, reference) = (info(description), columns(reference));
    if let Err(error) = bounded(bytes, MEMORY, || host::check(&info, &reference)) {
        let (words, reason) = (error.to_string(), error.reason());
        assert!(words.contains("violates the contract"), "{words}");
        assert!(["description", "reference"].contains(&reason), "{reason}");
        assert!(words.len() < 4096, "an error of {} bytes", words.len());
        return false;
    }

    // Whatever the host serves can be asked in every form, such as for its own examples.
    let schema = Schema::new(&info);
    assert_eq!(schema.width(), info.features.len());
    for (position, feature) in info.features.iter().enumerate() {
        assert_eq!(schema.position(&feature.name, 0), Some(position));
        assert!(feature.minimum <= feature.maximum);
    }
    assert_eq!(schema.position(schema.target(), 0), Some(schema.width()));
    let example: Vec<f64> = info
        .features
        .iter()
        .map(|feature| feature.example)
        .collect();
    check_forms(&example, &schema);

    // The sample has no drift from itself.
    for column in &reference {
        assert_eq!(column.values.len(), reference[0].values.len());
        let sample = Reference::new(&column.name, canopy_drift::Kind::Numerical, &column.values);
        assert_eq!(sample.len(), column.values.len());
        let drift = sample.compare(&column.values);
        assert!(!drift.drifted, "{drift:?}");
    }
    true
}

fn info(description: Description) -> host::ModelInfo {
    host::ModelInfo {
        name: description.name,
        version: description.version,
        task: match description.task {
            Task::Regression => host::Task::Regression,
            Task::Classification => host::Task::Classification,
        },
        target: description.target,
        response_field: description.response_field,
        classes: description.classes,
        features: description.features.into_iter().map(feature).collect(),
        training: host::Training {
            rows: description.training.rows,
            from: description.training.from,
            until: description.training.until,
            data_digest: description.training.data_digest,
        },
        parameters: description.parameters,
    }
}

fn feature(feature: Feature) -> host::Feature {
    host::Feature {
        name: feature.name,
        kind: match feature.kind {
            Kind::Numerical => host::Kind::Numerical,
            Kind::Categorical => host::Kind::Categorical,
        },
        description: feature.description,
        unit: feature.unit,
        minimum: feature.minimum,
        maximum: feature.maximum,
        mean: feature.mean,
        standard_deviation: feature.standard_deviation,
        example: feature.example,
        importance: feature.importance,
    }
}

fn columns(reference: Vec<Column>) -> Vec<host::Column> {
    let columns = reference.into_iter();
    columns
        .map(|Column { name, values }| host::Column { name, values })
        .collect()
}
