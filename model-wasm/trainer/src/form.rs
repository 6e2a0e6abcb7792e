//! smartcore's forests as serde sees them: their fields are private, so this is how their nodes
//! are read and how forests are put together. In postcard, in which every `f64` survives exactly
//! and fields have no names: those here lie in the order in which smartcore 0.7 has them.

use anyhow::{Context as _, Result, ensure};
use canopy_forest as forest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A `RandomForestRegressor`; [`Forest::own`] is the number of features.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Regressor {
    pub(crate) forest: Option<Forest<RegressorTree, usize>>,
}

/// A `RandomForestClassifier`; [`Forest::own`] holds the classes.
pub(crate) type Classifier = Forest<ClassifierTree, Vec<u32>>;

/// What the two kinds of forest have in common.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Forest<T, O> {
    pub(crate) trees: Option<Vec<T>>,
    pub(crate) own: Option<O>,
    /// For each tree which rows it was grown on.
    pub(crate) samples: Option<Vec<Vec<bool>>>,
}

/// Parameters (largest depth, samples a leaf and a split, seed, splitter), depth, mass.
pub(crate) type RegressorTree = Tree<
    Node<f64, (), ()>,
    (
        Option<(Option<u16>, usize, usize, Option<u64>, u32)>,
        u16,
        f64,
    ),
>;

/// Parameters (criterion, largest depth, samples a leaf and a split, seed), number of classes,
/// classes, depth, number of features.
pub(crate) type ClassifierTree = Tree<
    Node<u32, usize, Option<f64>>,
    (
        Option<(u32, Option<u16>, usize, usize, Option<u64>)>,
        usize,
        Vec<u32>,
        u16,
        usize,
    ),
>;

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Tree<N, R> {
    nodes: Vec<N>,
    rest: R,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Node<O, S, I> {
    output: O,
    samples: S,
    split_feature: usize,
    split_value: Option<f64>,
    split_score: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
    impurity: I,
}

/// Reads one form as another: smartcore's as one of this module, or the other way round.
///
/// # Errors
///
/// If smartcore's is not the one that 0.7 has.
pub(crate) fn convert<T: DeserializeOwned>(from: &impl Serialize) -> Result<T> {
    let bytes = postcard::to_allocvec(from)?;
    let (into, rest) = postcard::take_from_bytes(&bytes)
        .context("smartcore writes its forests in another form")?;
    ensure!(rest.is_empty(), "smartcore's forests have more fields");
    Ok(into)
}

impl<T, O> Forest<T, O> {
    /// The forest with the trees of another one after its own.
    pub(crate) fn with(mut self, other: Self) -> Self {
        let trees = self.trees.get_or_insert_default();
        trees.extend(other.trees.into_iter().flatten());
        let samples = self.samples.get_or_insert_default();
        samples.extend(other.samples.into_iter().flatten());
        self
    }
}

impl<O: Copy + Into<f64>, S, I, R> Tree<Node<O, S, I>, R> {
    /// The tree without what predicting does not need.
    ///
    /// # Errors
    ///
    /// If a node has only one child.
    pub(crate) fn plain(&self) -> Result<forest::Tree> {
        let nodes = self.nodes.iter().enumerate();
        let nodes = nodes.map(|(index, node)| {
            // smartcore stops where there is no true child, whatever else the node holds.
            let Some(left) = node.true_child else {
                return Ok(forest::Node::Leaf(node.output.into()));
            };
            let split = node.split_value.zip(node.false_child);
            let (threshold, right) = split
                .with_context(|| format!("node {index} of smartcore's tree splits halfway"))?;
            Ok(forest::Node::Split {
                feature: node.split_feature,
                threshold,
                left,
                right,
            })
        });
        Ok(forest::Tree {
            nodes: nodes.collect::<Result<_>>()?,
        })
    }

    /// The share of each of `width` features in what the splits improved, as smartcore's
    /// regressor adds it up; all 0 if there is none.
    pub(crate) fn shares(&self, width: usize) -> Vec<f64> {
        let mut shares = vec![0.0; width];
        for node in &self.nodes {
            if let Some(score) = node.split_score {
                shares[node.split_feature] += score;
            }
        }
        normalise(&mut shares);
        shares
    }
}

/// Makes shares add up to 1, unless they are all 0.
pub(crate) fn normalise(shares: &mut [f64]) {
    let sum: f64 = shares.iter().sum();
    if sum > 0.0 {
        shares.iter_mut().for_each(|share| *share /= sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(false_child: Option<usize>, true_child: Option<usize>) -> Tree<Node<u32, (), ()>, ()> {
        let node = Node {
            output: 2,
            samples: (),
            split_feature: 1,
            split_value: Some(0.5),
            split_score: None,
            true_child,
            false_child,
            impurity: (),
        };
        Tree {
            nodes: vec![node],
            rest: (),
        }
    }

    #[test]
    fn a_leaf_may_hold_a_split_that_was_given_up() {
        let leaf = tree(None, None).plain().unwrap();
        assert_eq!(leaf.nodes, [forest::Node::Leaf(2.0)]);
    }

    #[test]
    fn half_a_split_is_refused() {
        assert!(tree(None, Some(1)).plain().is_err());
    }

    #[test]
    fn another_form_is_refused() {
        assert!(convert::<Regressor>(&"no forest").is_err());
        assert!(convert::<u8>(&(1_u8, 2_u8)).is_err());
    }
}
