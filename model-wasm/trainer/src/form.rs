//! The serialised form of smartcore's forests.
//!
//! The fields of smartcore's types are private, so nodes are read and forests merged by way of
//! serde. The format is postcard, which preserves every `f64` exactly. It does not store field names,
//! so the fields here must be in the same order as in smartcore 0.7.

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

/// The common structure of both kinds of forest.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Forest<T, O> {
    pub(crate) trees: Option<Vec<T>>,
    pub(crate) own: Option<O>,
    /// For each tree, whether it was grown on each row.
    pub(crate) samples: Option<Vec<Vec<bool>>>,
}

/// The second part holds the parameters (maximum depth, minimum samples of leaves and splits, seed,
/// splitter), the depth and the mass.
pub(crate) type RegressorTree = Tree<
    Node<f64, (), ()>,
    (
        Option<(Option<u16>, usize, usize, Option<u64>, u32)>,
        u16,
        f64,
    ),
>;

/// The second part holds the parameters (criterion, maximum depth, minimum samples of leaves and
/// splits, seed), the number of classes, the classes, the depth and the number of features.
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

/// Converts between a type of smartcore and the corresponding type of this module by serialising one
/// and deserialising the other.
///
/// # Errors
///
/// If the structures do not match, as with a version of smartcore other than 0.7.
pub(crate) fn convert<T: DeserializeOwned>(from: &impl Serialize) -> Result<T> {
    let bytes = postcard::to_allocvec(from)?;
    let (into, rest) = postcard::take_from_bytes(&bytes)
        .context("the structure of smartcore's forests has changed")?;
    ensure!(
        rest.is_empty(),
        "smartcore's forests have additional fields"
    );
    Ok(into)
}

impl<T, O> Forest<T, O> {
    /// Appends the trees of another forest.
    pub(crate) fn with(mut self, other: Self) -> Self {
        let trees = self.trees.get_or_insert_default();
        trees.extend(other.trees.into_iter().flatten());
        let samples = self.samples.get_or_insert_default();
        samples.extend(other.samples.into_iter().flatten());
        self
    }
}

impl<O: Copy + Into<f64>, S, I, R> Tree<Node<O, S, I>, R> {
    /// The tree, reduced to what is needed for predicting.
    ///
    /// # Errors
    ///
    /// If a node has only one child.
    pub(crate) fn plain(&self) -> Result<forest::Tree> {
        let nodes = self.nodes.iter().enumerate();
        let nodes = nodes.map(|(index, node)| {
            // smartcore treats a node without a true child as a leaf, whatever else the node holds.
            let Some(left) = node.true_child else {
                return Ok(forest::Node::Leaf(node.output.into()));
            };
            let split = node.split_value.zip(node.false_child);
            let (threshold, right) = split.with_context(|| {
                format!("node {index} of smartcore's tree has an incomplete split")
            })?;
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

    /// The share of each of `width` features in the total improvement by splits, summed in the same
    /// order as smartcore's regressor does; all 0 if there are no splits.
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

/// Scales shares so that they add up to 1, unless they are all 0.
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
    fn a_leaf_may_contain_the_remains_of_an_abandoned_split() {
        let leaf = tree(None, None).plain().unwrap();
        assert_eq!(leaf.nodes, [forest::Node::Leaf(2.0)]);
    }

    #[test]
    fn an_incomplete_split_is_rejected() {
        assert!(tree(None, Some(1)).plain().is_err());
    }

    #[test]
    fn a_different_structure_is_rejected() {
        assert!(convert::<Regressor>(&"not a forest").is_err());
        assert!(convert::<u8>(&(1_u8, 2_u8)).is_err());
    }
}
