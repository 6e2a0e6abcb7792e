//! Invalid artifacts cause an error, never a panic.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use canopy_forest::{
    Aggregation, Artifact, ArtifactError, Column, CompileError, Description, Feature, Kind, Node,
    Task, Training, Tree, compile,
};
use proptest::prelude::*;

/// Rows from which cells are made.
const SAMPLE: [f64; 6] = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0];

fn description(features: usize) -> Description {
    let feature = |index| Feature {
        name: format!("x{index}"),
        kind: Kind::Numerical,
        description: "A number.".into(),
        unit: "1".into(),
        minimum: 0.0,
        maximum: 1.0,
        mean: 0.5,
        standard_deviation: 0.25,
        example: 0.5,
        importance: None,
    };
    Description {
        name: "broken".into(),
        version: "1".into(),
        task: Task::Regression,
        target: "y".into(),
        response_field: "y".into(),
        classes: Vec::new(),
        features: (0..features).map(feature).collect(),
        training: Training {
            rows: 2,
            from: None,
            until: None,
            data_digest: String::new(),
        },
        parameters: Vec::new(),
    }
}

fn split(feature: usize, threshold: f64, left: usize, right: usize) -> Node {
    Node::Split {
        feature,
        threshold,
        left,
        right,
    }
}

fn trees() -> Vec<Tree> {
    let nodes = vec![
        split(0, 0.5, 1, 2),
        Node::Leaf(1.0),
        split(1, 0.25, 3, 4),
        Node::Leaf(2.0),
        Node::Leaf(3.0),
    ];
    vec![Tree { nodes }; 3]
}

/// A valid artifact.
fn artifact() -> Vec<u8> {
    let forest = compile(&trees(), 2, Aggregation::Mean, &SAMPLE)
        .unwrap()
        .bytes;
    let column = |name: &str| Column {
        name: name.into(),
        values: vec![0.0, 1.0],
    };
    let reference = ["x0", "x1", "y", "prediction"].map(column);
    Artifact::write(&description(2), &reference, &forest).unwrap()
}

/// Calls `check` with the bytes at a multiple of 8 plus `shift`.
fn with_bytes<T>(bytes: &[u8], shift: usize, check: impl FnOnce(&[u8]) -> T) -> T {
    let mut words = vec![0_u64; (bytes.len() + shift).div_ceil(8)];
    let room: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
    room[shift..shift + bytes.len()].copy_from_slice(bytes);
    check(&room[shift..shift + bytes.len()])
}

#[test]
fn a_whole_artifact_is_read_back() {
    with_bytes(&artifact(), 0, |bytes| {
        let artifact = Artifact::read(bytes).unwrap();
        assert_eq!(artifact.description, description(2));
        assert_eq!(artifact.forest.trees(), 3);
        assert_eq!(artifact.forest.predict(&[0.0, 0.0]).unwrap(), [1.0]);
    });
}

#[test]
fn a_truncated_artifact_is_refused() {
    let whole = artifact();
    for length in 0..whole.len() {
        let outcome = with_bytes(&whole[..length], 0, |bytes| Artifact::read(bytes).map(drop));
        assert!(outcome.is_err(), "{length} of {} bytes", whole.len());
    }
}

#[test]
fn a_misaligned_artifact_is_refused() {
    let error = with_bytes(&artifact(), 4, |bytes| Artifact::read(bytes).unwrap_err());
    assert!(matches!(error, ArtifactError::Forest(_)), "{error}");
}

#[test]
fn a_forest_of_another_width_is_refused() {
    let forest = compile(&trees(), 3, Aggregation::Mean, &SAMPLE)
        .unwrap()
        .bytes;
    let bytes = Artifact::write(&description(2), &[], &forest).unwrap();
    let error = with_bytes(&bytes, 0, |bytes| Artifact::read(bytes).unwrap_err());
    assert!(matches!(error, ArtifactError::Mismatch { .. }), "{error}");
}

#[test]
fn trees_that_are_not_well_formed_are_refused() {
    let leaf = Node::Leaf(0.0);
    for (nodes, reason) in [
        (
            vec![split(2, 0.0, 1, 2), leaf, leaf],
            "feature does not exist",
        ),
        (vec![split(0, f64::NAN, 1, 2), leaf, leaf], "NaN"),
        (vec![split(0, 0.0, 0, 1), leaf], "come after it"),
        (vec![split(0, 0.0, 1, 2), leaf], "child does not exist"),
    ] {
        let error = compile(&[Tree { nodes }], 2, Aggregation::Mean, &[]).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    for class in [-1.0, 0.5, 2.0, f64::NAN] {
        let nodes = vec![Node::Leaf(class)];
        let vote = Aggregation::Vote { classes: 2 };
        assert!(compile(&[Tree { nodes }], 2, vote, &[]).is_err(), "{class}");
    }
    let error = compile(&[], 2, Aggregation::Mean, &[]).unwrap_err();
    assert_eq!(error, CompileError::Empty);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn altered_bytes_do_not_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = artifact();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        // The bytes may still be a valid artifact and predict anything.
        with_bytes(&bytes, 0, |bytes| {
            if let Ok(artifact) = Artifact::read(bytes) {
                let values = [f64::NAN, f64::NEG_INFINITY, -1.0, 0.25, 0.5, 1.0, f64::INFINITY];
                let rows: Vec<f64> = values.iter().flat_map(|&a| values.map(|b| [a, b])).flatten().collect();
                let _ = artifact.forest.predict(&rows);
            }
        });
    }

    #[test]
    fn any_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let outcome = with_bytes(&bytes, 0, |bytes| Artifact::read(bytes).map(drop));
        prop_assert!(outcome.is_err());
    }
}
