//! The bytes of a compiled forest.
//!
//! | part       | type                  | length         |
//! |------------|-----------------------|----------------|
//! | header     | [`Header`]            | 1              |
//! | offsets    | `u32`                 | features + 1   |
//! | roots      | `u32`                 | trees          |
//! | (padding)  | to a multiple of 8    |                |
//! | thresholds | `f64`, see `Bins`     | thresholds     |
//! | nodes      | [`PackedNode`]        | nodes          |
//! | values     | `f64`, of the leaves  | nodes          |
//!
//! Little-endian, at an address that is a multiple of 8.

use bytemuck::{Pod, Zeroable};

/// The counts that fix where every other part begins.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Header {
    /// Values in a row.
    pub(crate) features: u32,
    /// Trees in the forest.
    pub(crate) trees: u32,
    /// Number of classes that the trees vote on, or 0 for the mean of the leaves.
    pub(crate) classes: u32,
    /// Nodes of all trees together.
    pub(crate) nodes: u32,
    /// Thresholds of all features together.
    pub(crate) thresholds: u32,
    pub(crate) reserved: u32,
}

/// A node in eight bytes: feature (16 bits), bin (20 bits), left child (28 bits).
///
/// A row goes to `left` where the feature's bin is at most `bin`, otherwise to `left + 1`.
/// A leaf is its own left child and its bin is the largest, so that walking on stays there:
/// walks of different length can go on side by side without a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub(crate) struct PackedNode(u64);

const BIN_BITS: u32 = 20;
const CHILD_BITS: u32 = 28;

impl PackedNode {
    /// Largest number of features.
    pub(crate) const MAX_FEATURES: usize = 1 << 16;
    /// Largest bin; the bin of a leaf.
    pub(crate) const MAX_BIN: u32 = (1 << BIN_BITS) - 1;
    /// Largest number of nodes.
    pub(crate) const MAX_NODES: usize = 1 << CHILD_BITS;

    pub(crate) fn split(feature: u32, bin: u32, left: u32) -> Self {
        Self(
            u64::from(left)
                | u64::from(bin) << CHILD_BITS
                | u64::from(feature) << (CHILD_BITS + BIN_BITS),
        )
    }

    pub(crate) fn leaf(index: u32) -> Self {
        Self::split(0, Self::MAX_BIN, index)
    }

    #[inline]
    pub(crate) fn feature(self) -> usize {
        (self.0 >> (CHILD_BITS + BIN_BITS)) as usize
    }

    #[inline]
    pub(crate) fn bin(self) -> u32 {
        (self.0 >> CHILD_BITS) as u32 & Self::MAX_BIN
    }

    #[inline]
    pub(crate) fn left(self) -> u32 {
        self.0 as u32 & ((1 << CHILD_BITS) - 1)
    }
}

/// Why bytes are not a compiled forest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// The bytes end before the parts that the header announces.
    #[error("a forest of {expected} bytes is announced, {found} bytes are there")]
    Truncated {
        /// Bytes that the header announces.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// The bytes do not begin at a multiple of 8.
    #[error("the forest does not begin at a multiple of 8")]
    Misaligned,
    /// A node or threshold refers to something that does not exist or breaks an invariant.
    #[error("{part} {index} of the forest is not valid")]
    Invalid {
        /// Which part of the layout.
        part: &'static str,
        /// Position in that part.
        index: usize,
    },
}

/// The parts of a compiled forest, borrowed from its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'a> {
    pub(crate) header: &'a Header,
    pub(crate) offsets: &'a [u32],
    pub(crate) roots: &'a [u32],
    pub(crate) thresholds: &'a [f64],
    pub(crate) nodes: &'a [PackedNode],
    pub(crate) values: &'a [f64],
}

impl<'a> Parts<'a> {
    /// Splits the bytes of a forest into its parts without copying.
    pub(crate) fn split(bytes: &'a [u8]) -> Result<Self, LayoutError> {
        let total = bytes.len();
        let (header, rest) = take::<Header>(bytes, 1, total)?;
        let header = &header[0];
        let (offsets, rest) =
            take::<u32>(rest, (header.features as usize).saturating_add(1), total)?;
        let (roots, rest) = take::<u32>(rest, header.trees as usize, total)?;
        let words = offsets.len() + roots.len();
        let (_, rest) = take::<u32>(rest, words % 2, total)?;
        let (thresholds, rest) = take::<f64>(rest, header.thresholds as usize, total)?;
        let (nodes, rest) = take::<PackedNode>(rest, header.nodes as usize, total)?;
        let (values, _) = take::<f64>(rest, header.nodes as usize, total)?;
        Ok(Self {
            header,
            offsets,
            roots,
            thresholds,
            nodes,
            values,
        })
    }
}

/// Splits `count` values off the front of `bytes`.
fn take<T: Pod>(bytes: &[u8], count: usize, total: usize) -> Result<(&[T], &[u8]), LayoutError> {
    let length = count.saturating_mul(size_of::<T>());
    let Some((front, rest)) = bytes.split_at_checked(length) else {
        return Err(LayoutError::Truncated {
            expected: (total - bytes.len()).saturating_add(length),
            found: total,
        });
    };
    let values = bytemuck::try_cast_slice(front).map_err(|_| LayoutError::Misaligned)?;
    Ok((values, rest))
}
