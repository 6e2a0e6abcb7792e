//! A node in one word of 32 or 64 bits.

use bytemuck::Pod;

/// How the bits of a node are shared out, from the highest down: slot, left child, field.
///
/// A row's bins lie in slots, the one of feature `f` in slot `f + 1`. The field of a split is the
/// largest that there is less the largest bin that goes left, so that adding the row's bin
/// carries into the child exactly when the row goes right: its right child lies after its left
/// one. Slot 0 always holds 0: a leaf reads it and is its own left child, so that walking on
/// stays there, and its field is free to name the leaf's value. Walks of different length can
/// therefore go on side by side without a branch.
///
/// Children and values are counted from the first of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packing {
    /// Bits of a left child.
    pub(crate) child: u32,
    /// Bits of a field.
    pub(crate) field: u32,
}

impl Packing {
    /// For trees of up to `nodes` nodes and `values` distinct leaves that split on `features`
    /// features of up to `bins` bins each; `None` if that is more than `bits` bits hold.
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

    /// Largest bin and largest position of a value.
    pub(crate) fn largest(self) -> u32 {
        (1 << self.field) - 1
    }
}

/// Bits that hold the numbers below `count`.
fn width(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}

/// What holds a node.
pub(crate) trait Word: Pod {
    /// Bits of the word.
    const BITS: u32;

    /// Makes a node of its parts.
    fn pack(packing: Packing, slot: u32, left: u32, field: u32) -> Self;

    /// Where the row's bin lies, 0 for a leaf.
    fn slot(self, packing: Packing) -> usize;

    /// Where a row goes whose bin in the node's slot is `bin`.
    fn next(self, packing: Packing, bin: u32) -> u32;

    /// The position of a leaf's value.
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
                // A slot of ones may carry out at the top, but only into the child's bits count.
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
