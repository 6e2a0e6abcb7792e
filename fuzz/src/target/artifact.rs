//! A model as it is baked into a component.

use canopy_forest::{
    Aggregation, Artifact, Column, Description, Feature, Kind, Node, Task, Training, Tree, compile,
};

use super::support::same;
use crate::memory::bounded;

/// Bytes of memory that may be taken: lists are made for as many elements as they say they have,
/// as long as that is within a mebibyte.
const MEMORY: (usize, usize) = (8 << 20, 64);

pub(super) fn check(bytes: &[u8]) -> bool {
    // It is read where it lies, which is at a multiple of 8.
    let mut words = vec![0_u64; bytes.len().div_ceil(8) + 1];
    // SAFETY: any bytes are words, and the words are longer than the bytes.
    let room = unsafe { words.align_to_mut::<u8>().1 };
    room[..bytes.len()].copy_from_slice(bytes);
    let bytes = &room[..bytes.len()];

    bounded(bytes, MEMORY, || {
        let Ok(artifact) = Artifact::read(bytes) else {
            return false;
        };
        let forest = &artifact.forest;
        let width = artifact.description.features.len();
        assert_eq!(width, forest.features());
        if width > 64 {
            return true;
        }
        // As many rows as are walked together, and one that is walked alone.
        let special = [
            0.0,
            -0.0,
            1.0,
            -1e9,
            0.25,
            f64::MAX,
            f64::MIN,
            f64::NAN,
            1e-9,
        ];
        let rows: Vec<f64> = (0..9 * width).map(|index| special[index * 7 % 9]).collect();
        let Ok(values) = forest.predict(&rows) else {
            assert_eq!(width, 0, "whole rows are refused");
            return true;
        };
        let outputs = forest.aggregation().outputs();
        assert_eq!(values.len(), 9 * outputs);
        for (row, values) in rows.chunks(width).zip(values.chunks(outputs)) {
            let alone = forest
                .predict(row)
                .expect("one row is a whole number of rows");
            assert!(
                same(values, &alone) || values.iter().any(|value| value.is_nan()),
                "{row:?} alone is {alone:?}, among others {values:?}"
            );
        }
        true
    })
}

/// A small model, as the trainer writes it.
#[must_use]
pub fn seed() -> Vec<u8> {
    let split = |feature, threshold, left, right| Node::Split {
        feature,
        threshold,
        left,
        right,
    };
    let nodes = vec![
        split(0, 0.5, 1, 2),
        Node::Leaf(1.0),
        split(1, 0.25, 3, 4),
        Node::Leaf(2.0),
        split(0, 0.75, 5, 6),
        Node::Leaf(0.0),
        Node::Leaf(1.0),
    ];
    let forest = compile(
        &vec![Tree { nodes }; 9],
        2,
        Aggregation::Vote { classes: 3 },
        &[0.0, 0.0, 1.0, 0.5, 0.6, 1.0, 0.3, 0.3],
    );
    let forest = forest.expect("the trees are well-formed");
    let (description, reference) = described();
    Artifact::write(&description, &reference, &forest.bytes).expect("the description has a form")
}

/// What the seed says of itself.
fn described() -> (Description, Vec<Column>) {
    let feature = |name: &str| Feature {
        name: name.into(),
        kind: Kind::Numerical,
        description: "A number.".into(),
        unit: "m".into(),
        minimum: 0.0,
        maximum: 1.0,
        mean: 0.5,
        standard_deviation: 0.25,
        example: 0.5,
        importance: Some(0.5),
    };
    let description = Description {
        name: "seed".into(),
        version: "1.0.0".into(),
        task: Task::Classification,
        target: "fruit".into(),
        response_field: "predicted_fruit".into(),
        classes: ["apple", "pear", "plum"].map(String::from).to_vec(),
        features: ["length", "width"].map(feature).to_vec(),
        training: Training {
            rows: 4,
            from: None,
            until: Some("2011-01-31".into()),
            data_digest: "00".into(),
        },
        parameters: vec![("trees".into(), "9".into())],
    };
    let column = |name: &str, values: [f64; 3]| Column {
        name: name.into(),
        values: values.to_vec(),
    };
    let reference = vec![
        column("length", [0.0, 0.5, 1.0]),
        column("width", [1.0, 0.25, 0.0]),
        column("fruit", [0.0, 1.0, 2.0]),
        column("prediction", [0.0, 1.0, 2.0]),
    ];
    (description, reference)
}
