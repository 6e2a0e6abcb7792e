//! Trees that compare bins instead of values.

use std::collections::BTreeSet;

use crate::tree::{Node, Tree};

/// Marks a feature without a fixed bin, see [`BinnedTree::fixed`].
pub(super) const FREE: u32 = u32::MAX;

/// A tree whose splits compare bins. Its root is node 0; every child comes after its parent.
#[derive(Debug)]
pub(super) struct BinnedTree {
    pub(super) nodes: Vec<BinnedNode>,
    /// The values of its leaves, bitwise distinct.
    pub(super) values: Vec<f64>,
}

/// One node of a [`BinnedTree`].
#[derive(Debug, Clone, Copy)]
pub(super) enum BinnedNode {
    /// Goes to `left` where the feature's bin is at most `bin`.
    Split {
        feature: u32,
        bin: u32,
        left: u32,
        right: u32,
    },
    /// Ends the walk; the index of the leaf's value.
    Leaf(u32),
}

impl BinnedTree {
    /// Replaces thresholds by their indices among the forest's thresholds.
    pub(super) fn new(tree: &Tree, thresholds: &[Vec<f64>]) -> Self {
        let leaves = tree.nodes.iter().filter_map(|node| match *node {
            Node::Leaf(value) => Some(value),
            Node::Split { .. } => None,
        });
        let mut values: Vec<f64> = leaves.collect();
        values.sort_unstable_by(f64::total_cmp);
        values.dedup_by_key(|value| value.to_bits());
        let nodes = tree.nodes.iter().map(|node| match *node {
            Node::Split {
                feature,
                threshold,
                left,
                right,
            } => {
                let bin = thresholds[feature].partition_point(|&other| other < threshold);
                BinnedNode::Split {
                    feature: feature as u32,
                    bin: bin as u32,
                    left: left as u32,
                    right: right as u32,
                }
            }
            Node::Leaf(value) => {
                let place = values.partition_point(|other| other.total_cmp(&value).is_lt());
                BinnedNode::Leaf(place as u32)
            }
        });
        Self {
            nodes: nodes.collect(),
            values,
        }
    }

    /// The part of the tree that rows with the bins `fixed`, by feature, can reach; a [`FREE`]
    /// feature may have any bin.
    pub(super) fn fixed(&self, fixed: &[u32]) -> Vec<BinnedNode> {
        let mut nodes = Vec::new();
        // Nodes of this tree still to be copied; for a right child, with its parent's position in
        // `nodes`. A left child follows its parent.
        let mut waiting = vec![(0, None)];
        while let Some((source, parent)) = waiting.pop() {
            let (source, mut node) = self.settled(source, fixed);
            let place = nodes.len();
            if let Some(BinnedNode::Split { right, .. }) =
                parent.map(|parent: usize| &mut nodes[parent])
            {
                *right = place as u32;
            }
            if let BinnedNode::Split { left, .. } = &mut node {
                *left = place as u32 + 1;
            }
            nodes.push(node);
            if let BinnedNode::Split { left, right, .. } = self.nodes[source] {
                waiting.push((right as usize, Some(place)));
                waiting.push((left as usize, None));
            }
        }
        nodes
    }

    /// Number of leaves of [`BinnedTree::fixed`]; adds feature and bin of its splits to `splits`.
    pub(super) fn leaves(&self, fixed: &[u32], splits: &mut BTreeSet<(u32, u32)>) -> usize {
        let mut leaves = 0;
        let mut waiting = vec![0];
        while let Some(at) = waiting.pop() {
            match self.settled(at, fixed).1 {
                BinnedNode::Leaf(_) => leaves += 1,
                BinnedNode::Split {
                    feature,
                    bin,
                    left,
                    right,
                } => {
                    splits.insert((feature, bin));
                    waiting.extend([left as usize, right as usize]);
                }
            }
        }
        leaves
    }

    /// The first node from `at` on whose child is not determined by the fixed bins.
    fn settled(&self, mut at: usize, fixed: &[u32]) -> (usize, BinnedNode) {
        loop {
            match self.nodes[at] {
                BinnedNode::Split {
                    feature,
                    bin,
                    left,
                    right,
                } if fixed[feature as usize] != FREE => {
                    let right_way = fixed[feature as usize] > bin;
                    at = if right_way { right } else { left } as usize;
                }
                node => return (at, node),
            }
        }
    }
}
