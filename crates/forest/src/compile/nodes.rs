//! Lays out trees as nodes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::compile::binned::BinnedNode;
use crate::node::{Packing, Word};

/// Number of sibling pairs in a cache line.
const PAIRS_A_LINE: usize = 8;

/// Orders the nodes of a tree so that a walk touches few cache lines: the root first, then, line by
/// line, a pair of siblings with the most frequently visited pairs below it; the size of a subtree
/// serves as the estimate. Parents must come first in `tree`. Returns the nodes in the new order,
/// each with the position of its left child, or a leaf's own position.
pub(super) fn lay_out(tree: &[BinnedNode]) -> Vec<(BinnedNode, u32)> {
    let sizes = sizes(tree);
    let mut placed = vec![(tree[0], 0)];
    // Splits whose children are not yet placed, with their new positions.
    let mut waiting = vec![(0, 0)];
    while let Some((top, place)) = waiting.pop() {
        let mut line = BinaryHeap::from([(sizes[top], Reverse(top), place)]);
        for _ in 0..PAIRS_A_LINE {
            let Some((_, Reverse(split), place)) = line.pop() else {
                break;
            };
            let BinnedNode::Split { left, right, .. } = tree[split] else {
                continue;
            };
            placed[place].1 = placed.len() as u32;
            for child in [left, right] {
                let (child, place) = (child as usize, placed.len());
                placed.push((tree[child], place as u32));
                if sizes[child] > 1 {
                    line.push((sizes[child], Reverse(child), place));
                }
            }
        }
        waiting.extend(
            line.into_sorted_vec()
                .into_iter()
                .map(|(_, Reverse(split), place)| (split, place)),
        );
    }
    placed
}

/// Number of nodes of each subtree.
fn sizes(tree: &[BinnedNode]) -> Vec<u32> {
    let mut sizes = vec![1; tree.len()];
    for (index, node) in tree.iter().enumerate().rev() {
        if let BinnedNode::Split { left, right, .. } = *node {
            sizes[index] += sizes[left as usize] + sizes[right as usize];
        }
    }
    sizes
}

/// The nodes packed into words.
pub(super) fn words<W: Word>(
    placed: &[(BinnedNode, u32)],
    packing: Packing,
) -> impl Iterator<Item = W> {
    placed.iter().map(move |&(node, left)| match node {
        BinnedNode::Leaf(value) => W::pack(packing, 0, left, value),
        BinnedNode::Split { feature, bin, .. } => {
            W::pack(packing, feature + 1, left, packing.largest() - bin)
        }
    })
}
