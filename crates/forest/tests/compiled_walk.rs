//! A compiled forest equals a plain walk over its trees, bit for bit.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use bytemuck::cast_slice_mut;
use canopy_forest::{Aggregation, Forest, Form, Node, Tree, compile};
use proptest::prelude::*;

const FEATURES: usize = 3;
const CLASSES: u32 = 4;
/// Sizes around the boundaries at which rows are grouped.
const BATCHES: [usize; 8] = [0, 1, 7, 8, 9, 64, 65, 200];

/// A tree as a recursive structure.
#[derive(Debug, Clone)]
enum Branch {
    Leaf(f64),
    Split(usize, f64, Box<Branch>, Box<Branch>),
}

/// Lists the nodes of a branch, every parent before its children.
fn flatten(branch: &Branch, nodes: &mut Vec<Node>) -> usize {
    let place = nodes.len();
    match branch {
        Branch::Leaf(value) => nodes.push(Node::Leaf(*value)),
        Branch::Split(feature, threshold, left, right) => {
            nodes.push(Node::Leaf(0.0));
            nodes[place] = Node::Split {
                feature: *feature,
                threshold: *threshold,
                left: flatten(left, nodes),
                right: flatten(right, nodes),
            };
        }
    }
    place
}

fn tree(branch: &Branch) -> Tree {
    let mut nodes = Vec::new();
    flatten(branch, &mut nodes);
    Tree { nodes }
}

/// Often one of a few values, so that some rows equal a threshold; otherwise any number.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        prop::sample::select(vec![
            f64::NEG_INFINITY,
            -1.0,
            -0.0,
            0.0,
            f64::MIN_POSITIVE,
            0.5,
            0.5 + f64::EPSILON / 2.0,
            1.0,
            f64::MAX,
            f64::INFINITY,
        ]),
        -2.0..2.0,
        any::<f64>().prop_filter("not NaN", |value| !value.is_nan()),
    ]
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![9 => number(), 1 => Just(f64::NAN)]
}

fn trees(leaf: impl Strategy<Value = f64> + 'static) -> impl Strategy<Value = Vec<Tree>> {
    let branch = leaf
        .prop_map(Branch::Leaf)
        .prop_recursive(9, 120, 2, |inner| {
            (0..FEATURES, number(), inner.clone(), inner).prop_map(
                |(feature, threshold, left, right)| {
                    Branch::Split(feature, threshold, left.into(), right.into())
                },
            )
        });
    prop::collection::vec(branch.prop_map(|branch| tree(&branch)), 1..20)
}

fn rows() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(value(), 200 * FEATURES)
}

fn predict_all(trees: &[Tree], row: &[f64], aggregation: Aggregation) -> Vec<f64> {
    let mut answer = vec![0.0; aggregation.outputs()];
    for tree in trees {
        let leaf = tree.predict(row);
        match aggregation {
            Aggregation::Mean => answer[0] += leaf,
            Aggregation::Vote { .. } => answer[leaf as usize] += 1.0,
        }
    }
    answer.iter().map(|sum| sum / trees.len() as f64).collect()
}

/// Compares every batch size over the same rows, compiled without a sample and with half of them.
fn assert_same(trees: &[Tree], features: usize, aggregation: Aggregation, rows: &[f64]) {
    let some = rows.len() / features / 2 * features;
    for sample in [&[], &rows[..some]] {
        let compiled = compile(trees, features, aggregation, sample).unwrap();
        assert_predicts(&compiled.bytes, trees, features, aggregation, rows);
    }
}

fn assert_predicts(
    bytes: &[u8],
    trees: &[Tree],
    features: usize,
    aggregation: Aggregation,
    rows: &[f64],
) {
    let mut words = vec![0_u64; bytes.len().div_ceil(8)];
    cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
    let aligned: &[u8] = bytemuck::cast_slice(&words);
    let forest = Forest::read(&aligned[..bytes.len()]).unwrap();

    let walked = rows.chunks(features);
    let walked: Vec<f64> = walked
        .flat_map(|row| predict_all(trees, row, aggregation))
        .collect();
    for batch in BATCHES {
        let batch = batch.min(rows.len() / features);
        let answer = forest.predict(&rows[..batch * features]).unwrap();
        let expected = &walked[..batch * aggregation.outputs()];
        assert_eq!(answer.len(), expected.len(), "batch of {batch}");
        for (index, (answer, expected)) in answer.iter().zip(expected).enumerate() {
            // Sums of infinities are NaN, and all NaN count as equal.
            let same =
                answer.to_bits() == expected.to_bits() || answer.is_nan() && expected.is_nan();
            assert!(
                same,
                "value {index} of {batch} rows: {answer} and {expected}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn means_are_those_of_a_plain_walk(trees in trees(number()), rows in rows()) {
        assert_same(&trees, FEATURES, Aggregation::Mean, &rows);
    }

    #[test]
    fn votes_are_those_of_a_plain_walk(
        trees in trees((0..CLASSES).prop_map(f64::from)),
        rows in rows(),
    ) {
        assert_same(&trees, FEATURES, Aggregation::Vote { classes: CLASSES }, &rows);
    }
}

/// Trees that split on the first feature at the top and on the others below.
fn trees_of_cells(count: usize) -> Vec<Tree> {
    fn below(depth: usize, seed: usize) -> Branch {
        if depth == 0 {
            return Branch::Leaf((seed * 7919 % 1000) as f64 / 3.0);
        }
        let threshold = (seed * 31 % 50) as f64 / 50.0;
        let branch = |side| below(depth - 1, 2 * seed + side + depth).into();
        Branch::Split(1 + seed % 2, threshold, branch(0), branch(1))
    }
    fn top(low: usize, high: usize, seed: usize) -> Branch {
        if high - low == 1 {
            return below(4, seed + 13 * low);
        }
        let middle = usize::midpoint(low, high);
        let (left, right) = (top(low, middle, seed), top(middle, high, seed));
        Branch::Split(0, middle as f64 - 0.5, left.into(), right.into())
    }
    (0..count).map(|seed| tree(&top(0, 16, seed))).collect()
}

#[test]
fn trees_that_few_features_divide_become_masks_in_cells() {
    let trees = trees_of_cells(25);
    let row = |index: usize| {
        let part = |step: usize| (index * step % 97) as f64 / 97.0;
        [(index % 16) as f64, part(7), part(13)]
    };
    let mut rows: Vec<f64> = (0..200).flat_map(row).collect();
    let aggregation = Aggregation::Mean;
    let compiled = compile(&trees, FEATURES, aggregation, &rows).unwrap();
    assert_eq!(compiled.plan.form(), Form::Masks);
    assert!(compiled.plan.cells > 1, "{:?}", compiled.plan);
    // Rows outside of all cells, and of cells that the sample does not contain.
    rows.extend([f64::NAN, 0.5, 0.5, 0.5, f64::NAN, 0.5, -7.0, 0.5, 0.5]);
    assert_same(&trees, FEATURES, aggregation, &rows);
}

/// Integers and the numbers next to them, infinities and NaN.
fn around(count: usize) -> Vec<f64> {
    let mut rows: Vec<f64> = (0..count)
        .flat_map(|index| {
            let number = (index * 37 % 5000) as f64;
            [
                number,
                number * (1.0 + f64::EPSILON),
                number * (1.0 - f64::EPSILON),
            ]
        })
        .collect();
    rows.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    rows
}

#[test]
fn a_forest_of_single_leaves_is_constant() {
    let leaf = |value| Tree {
        nodes: vec![Node::Leaf(value)],
    };
    assert_same(&[leaf(0.1), leaf(0.2)], 1, Aggregation::Mean, &around(70));
}

#[test]
fn a_chain_of_five_thousand_splits_is_walked_to_its_end() {
    let mut nodes = Vec::new();
    for index in 0..5000 {
        nodes.push(Node::Split {
            feature: 0,
            threshold: index as f64,
            left: 2 * index + 1,
            right: 2 * index + 2,
        });
        nodes.push(Node::Leaf(index as f64 / 3.0));
    }
    nodes.push(Node::Leaf(-1.0));
    assert_same(&[Tree { nodes }], 1, Aggregation::Mean, &around(70));
}

#[test]
fn a_full_tree_is_walked_to_every_leaf() {
    fn full(low: usize, high: usize) -> Branch {
        if high - low == 1 {
            return Branch::Leaf(low as f64 / 7.0);
        }
        let middle = usize::midpoint(low, high);
        let threshold = (middle - 1) as f64;
        Branch::Split(
            0,
            threshold,
            full(low, middle).into(),
            full(middle, high).into(),
        )
    }
    let trees = vec![tree(&full(0, 4096)); 9];
    assert_same(&trees, 1, Aggregation::Mean, &around(70));
}
