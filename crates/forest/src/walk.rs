//! Walks through several trees, or with several rows, at a time.

use crate::layout::Begin;
use crate::node::{Packing, Word};

/// Number of walks side by side: enough to hide the latency of loads, few enough for the registers.
pub(crate) const LANES: usize = 8;

/// Trees to walk, which `Forest::read` has checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walks<'a, W> {
    pub(crate) packing: Packing,
    pub(crate) nodes: &'a [W],
    pub(crate) values: &'a [f64],
    /// Where each tree begins and the last one ends.
    pub(crate) trees: &'a [Begin],
}

/// Steps between checks whether all walks have ended.
const STEPS: usize = 2;

impl<W: Word> Walks<'_, W> {
    /// Walks `LANES` rows through a tree to their leaves. The bins of the rows are interleaved: slot
    /// by slot, in a slot row by row.
    ///
    /// # Safety
    ///
    /// There must be slots × `LANES` bins; those of slot 0 must be 0, the others bins of their
    /// features.
    #[inline]
    pub(crate) unsafe fn rows(&self, tree: usize, bins: &[u32]) -> [f64; LANES] {
        let Begin { node, value } = self.trees[tree];
        let nodes = &self.nodes[node as usize..];
        // SAFETY: the nodes of a checked tree are in the slice from its beginning on.
        let node = |_, at: u32| unsafe { *nodes.get_unchecked(at as usize) };
        // SAFETY: a checked node's slot is one of the row's.
        let bin = |lane, slot: usize| unsafe { *bins.get_unchecked(slot * LANES + lane) };
        let leaves = to_leaves(self.packing, [0; LANES], node, bin);
        let values = &self.values[value as usize..];
        leaves.map(|leaf| values[leaf as usize])
    }

    /// Walks a row through `LANES` trees, from `first` on, to its leaves. Lanes without a tree
    /// repeat the last tree.
    ///
    /// # Safety
    ///
    /// There must be as many bins as slots; that of slot 0 must be 0, the others bins of their
    /// features. `first` must be a tree.
    #[inline]
    pub(crate) unsafe fn trees(&self, first: usize, bins: &[u32]) -> [f64; LANES] {
        let lanes: [usize; LANES] =
            std::array::from_fn(|lane| (first + lane).min(self.trees.len() - 2));
        let begins = lanes.map(|tree| self.trees[tree]);
        // SAFETY: the nodes of a checked tree are in the slice from its beginning on.
        let node = |lane: usize, at: u32| unsafe {
            *self.nodes.get_unchecked((begins[lane].node + at) as usize)
        };
        // SAFETY: a checked node's slot is one of the row's.
        let bin = |_, slot: usize| unsafe { *bins.get_unchecked(slot) };
        let leaves = to_leaves(self.packing, [0; LANES], node, bin);
        std::array::from_fn(|lane| self.values[(begins[lane].value + leaves[lane]) as usize])
    }
}

/// Continues walks from their nodes to their leaves; returns the positions of the leaves' values.
#[inline]
fn to_leaves<W: Word>(
    packing: Packing,
    mut at: [u32; LANES],
    node: impl Fn(usize, u32) -> W,
    bin: impl Fn(usize, usize) -> u32,
) -> [u32; LANES] {
    loop {
        let mut splits = 0;
        for (lane, at) in at.iter_mut().enumerate() {
            let mut slot = 0;
            for _ in 0..STEPS {
                let node = node(lane, *at);
                slot = node.slot(packing);
                *at = node.next(packing, bin(lane, slot));
            }
            splits |= slot;
        }
        if splits == 0 {
            return std::array::from_fn(|lane| node(lane, at[lane]).value(packing));
        }
    }
}
