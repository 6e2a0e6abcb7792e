//! A node in one word of 32 or 64 bits.

use bytemuck::Pod;

/// The layout of the bits of a node, from the highest down: slot, left child, field.
///
/// A row's bins are in slots, that of feature `f` in slot `f + 1`. The field of a split is the
/// maximum value of a field minus the largest bin that goes left, so that adding the row's bin
/// carries into the child exactly if the row goes right; the right child follows the left one.
/// Slot 0 always holds 0: a leaf reads it and is its own left child, so that a walk stays there,
/// and its field is free for the position of the leaf's value. Walks of different length can
/// therefore proceed side by side without a branch.
///
/// Children and values are counted from the first of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packing {
    /// Number of bits of the left child.
    pub(crate) child: u32,
    /// Number of bits of the field.
    pub(crate) field: u32,
}

impl Packing {
    /// The packing of trees with up to `nodes` nodes and `values` distinct leaves, over `features`
    /// features with up to `bins` bins each; `None` if it does not fit into `bits` bits.
    pub(crate) fn new(
        bits: u32,
        features: usize,
        nodes: usize,
        bins: usize,
        values: usize,
    ) -> Option<Self> {
        let (slot, child) = (width(features + 1), width(nodes));
        let field = bits.checked_sub(slot + child)?.min(31);
        (width(bins.max(values)) <= field).then_some(Self { child, field })
    }

    /// Largest value of a field: a bin, or the index of a leaf's value.
    pub(crate) fn largest(self) -> u32 {
        (1 << self.field) - 1
    }
}

/// Number of bits that hold all numbers below `count`.
fn width(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}

/// An integer that holds a node.
pub(crate) trait Word: Pod {
    /// Bits of the word.
    const BITS: u32;

    /// Packs a node.
    fn pack(packing: Packing, slot: u32, left: u32, field: u32) -> Self;

    /// The slot of the row's bin; 0 for a leaf.
    fn slot(self, packing: Packing) -> usize;

    /// The child for a row whose bin in the node's slot is `bin`.
    fn next(self, packing: Packing, bin: u32) -> u32;

    /// The index of a leaf's value.
    fn value(self, packing: Packing) -> u32;
}

macro_rules! word {
    ($type:ty) => {
        impl Word for $type {
            const BITS: u32 = <$type>::BITS;

            fn pack(packing: Packing, slot: u32, left: u32, field: u32) -> Self {
                <$type>::from(slot) << (packing.child + packing.field)
                    | <$type>::from(left) << packing.field
                    | <$type>::from(field)
            }

            #[inline]
            fn slot(self, packing: Packing) -> usize {
                (self >> (packing.child + packing.field)) as usize
            }

            #[inline]
            fn next(self, packing: Packing, bin: u32) -> u32 {
                // The sum may carry out of the slot at the top; only the carry into the child matters.
                let sum = self.wrapping_add(<$type>::from(bin));
                (sum >> packing.field) as u32 & ((1 << packing.child) - 1)
            }

            #[inline]
            fn value(self, packing: Packing) -> u32 {
                self as u32 & packing.largest()
            }
        }
    };
}

word!(u32);
word!(u64);
