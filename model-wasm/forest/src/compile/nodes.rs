//! Laying trees out as nodes.

use std::collections::HashMap;

use crate::compile::binned::BinnedNode;
use crate::node::{Packing, Word};

/// The nodes of a tree, whole and in every cell. Each pair of siblings is there once: the tree
/// shares the subtrees in which it is equal in several cells.
#[derive(Debug, Default)]
pub(super) struct NodeTable {
    nodes: Vec<Placed>,
    /// Where siblings lie.
    pairs: HashMap<[Placed; 2], u32>,
    roots: HashMap<Placed, u32>,
}

/// A node whose children have their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Placed {
    Split { feature: u32, bin: u32, left: u32 },
    Leaf(u32),
}

impl NodeTable {
    /// Adds the tree, as a whole or in a cell, and gives the position of its root.
    pub(super) fn add(&mut self, tree: &[BinnedNode]) -> u32 {
        let mut placed = vec![Placed::Leaf(0); tree.len()];
        for (index, node) in tree.iter().enumerate().rev() {
            placed[index] = match *node {
                BinnedNode::Leaf(value) => Placed::Leaf(value),
                BinnedNode::Split {
                    feature,
                    bin,
                    left,
                    right,
                } => Placed::Split {
                    feature,
                    bin,
                    left: self.pair([placed[left as usize], placed[right as usize]]),
                },
            };
        }
        let nodes = &mut self.nodes;
        *self.roots.entry(placed[0]).or_insert_with(|| {
            nodes.push(placed[0]);
            nodes.len() as u32 - 1
        })
    }

    fn pair(&mut self, pair: [Placed; 2]) -> u32 {
        let nodes = &mut self.nodes;
        *self.pairs.entry(pair).or_insert_with(|| {
            nodes.extend(pair);
            nodes.len() as u32 - 2
        })
    }

    /// Number of nodes.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The nodes in words.
    pub(super) fn words<W: Word>(&self, packing: Packing) -> impl Iterator<Item = W> {
        let places = self.nodes.iter().zip(0..);
        places.map(move |(node, place)| match *node {
            Placed::Leaf(value) => W::pack(packing, 0, place, value),
            Placed::Split { feature, bin, left } => {
                W::pack(packing, feature + 1, left, packing.largest() - bin)
            }
        })
    }
}
