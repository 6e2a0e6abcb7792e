//! Laying trees out as nodes.

use std::collections::HashMap;

use crate::compile::binned::{BinnedNode, BinnedTree};
use crate::layout::PackedNode;

/// Nodes in which every pair of siblings is there once, however many trees have it: the trees of
/// different cells share the subtrees in which they are equal.
#[derive(Debug, Default)]
pub(super) struct NodeTable {
    pub(super) nodes: Vec<PackedNode>,
    /// Where siblings lie; leaves among them as if they lay at 0.
    pairs: HashMap<[PackedNode; 2], u32>,
    roots: HashMap<PackedNode, u32>,
}

impl NodeTable {
    /// Adds a tree and gives the position of its root.
    pub(super) fn add(&mut self, tree: &BinnedTree) -> u32 {
        let mut placed = vec![PackedNode::leaf(0, 0); tree.nodes.len()];
        for (index, node) in tree.nodes.iter().enumerate().rev() {
            placed[index] = match *node {
                BinnedNode::Leaf(value) => PackedNode::leaf(0, value),
                BinnedNode::Split {
                    feature,
                    bin,
                    left,
                    right,
                } => {
                    let pair = [placed[left as usize], placed[right as usize]];
                    PackedNode::split(feature, bin, self.pair(pair))
                }
            };
        }
        let root = placed[0];
        let nodes = &mut self.nodes;
        *self.roots.entry(root).or_insert_with(|| push(nodes, root))
    }

    fn pair(&mut self, pair: [PackedNode; 2]) -> u32 {
        let nodes = &mut self.nodes;
        *self.pairs.entry(pair).or_insert_with(|| {
            let place = push(nodes, pair[0]);
            push(nodes, pair[1]);
            place
        })
    }
}

fn push(nodes: &mut Vec<PackedNode>, node: PackedNode) -> u32 {
    let place = nodes.len() as u32;
    nodes.push(if node.slot() == 0 {
        node.moved(place)
    } else {
        node
    });
    place
}
