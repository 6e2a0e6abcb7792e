//! The byte layout of a compiled forest.
//!
//! | part       | type            | length                | what                                   |
//! |------------|-----------------|-----------------------|----------------------------------------|
//! | header     | [`Header`]      | 1                     | the lengths of all other parts         |
//! | thresholds | `f64`           | thresholds            | of all features, padded, see `Bins`    |
//! | values     | `f64`           | values                | distinct leaves of each tree           |
//! | leaves     | `f64`           | leaves                | leaves of the words, see `masks`       |
//! | scales     | [`Scale`]       | features              | see `Bins`                             |
//! | nodes      | `u32` or `u64`  | nodes                 | see [`Packing`]                        |
//! | masks      | `u32`           | masks                 | see `masks`                            |
//! | buckets    | `u32`           | buckets               | see `Bins`                             |
//! | axes       | [`Axis`]        | axes                  | the features that choose a cell        |
//! | table      | `u32`           | table                 | 1 + cell, or 0 for rows without one    |
//! | trees      | [`Begin`]       | trees + 1             | where nodes and values of each begin   |
//! | cells      | [`Cell`]        | cells                 | see `masks`                            |
//! | columns    | [`Column`]      | columns               | see `masks`                            |
//! | places     | `u32`           | places                | see `masks`                            |
//! | starts     | `u32`           | starts                | see `masks`                            |
//!
//! Little-endian, at an address that is a multiple of 8.

use bytemuck::{Pod, Zeroable};

use crate::node::Packing;

/// The counts that determine where every part begins.
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Header {
    /// Values in a row.
    pub(crate) features: u32,
    /// Trees in the forest.
    pub(crate) trees: u32,
    /// Number of classes that the trees vote on; 0 for the mean of the leaves.
    pub(crate) classes: u32,
    pub(crate) thresholds: u32,
    pub(crate) values: u32,
    pub(crate) leaves: u32,
    /// Size of the nodes in 32-bit words.
    pub(crate) nodes: u32,
    /// Bits of a node, 32 or 64.
    pub(crate) node_bits: u32,
    pub(crate) child_bits: u32,
    pub(crate) field_bits: u32,
    pub(crate) masks: u32,
    pub(crate) axes: u32,
    pub(crate) table: u32,
    pub(crate) cells: u32,
    pub(crate) columns: u32,
    pub(crate) places: u32,
    pub(crate) starts: u32,
    pub(crate) buckets: u32,
}

/// Where the nodes and values of a tree begin; both end where the next tree's begin.
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Begin {
    /// Counted in nodes.
    pub(crate) node: u32,
    pub(crate) value: u32,
}

/// How the values of a feature are assigned to buckets.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Scale {
    /// Lower end of the first bucket, which also holds all values below it.
    pub(crate) lower: f64,
    /// Number of buckets per unit of the value.
    pub(crate) factor: f64,
    /// Where the feature's buckets begin; each holds the number of thresholds in lower buckets.
    pub(crate) first: u32,
    /// Number of buckets, or 0 if the thresholds have to be searched.
    pub(crate) buckets: u32,
    /// Where the feature's thresholds begin.
    pub(crate) offset: u32,
    /// Number of thresholds.
    pub(crate) count: u32,
}

/// A feature that helps select a row's cell: the sum of `bin * stride` over the axes is the row's
/// place in the table.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Axis {
    pub(crate) feature: u32,
    pub(crate) stride: u32,
}

/// A cell.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Cell {
    /// Words of a mask row; a multiple of [`crate::masks::STEP`].
    pub(crate) words: u32,
    /// Where the words' starts begin.
    pub(crate) starts: u32,
    /// Where the cell's columns begin.
    pub(crate) columns: u32,
    /// Number of its columns.
    pub(crate) count: u32,
    /// Number of mask rows that a row of features selects, at least one.
    pub(crate) groups: u32,
}

/// A feature that helps select the mask rows of a cell.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Column {
    pub(crate) feature: u32,
    /// The group whose mask row it helps select.
    pub(crate) group: u32,
    /// Where its places begin, one for each of the feature's bins.
    pub(crate) places: u32,
}

/// Why bytes are not a compiled forest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// The bytes end before the last part declared in the header.
    #[error("the header announces a forest of {expected} bytes, found {found} bytes")]
    Truncated {
        /// Size declared in the header, in bytes.
        expected: usize,
        /// Actual size in bytes.
        found: usize,
    },
    /// The bytes do not begin at a multiple of 8.
    #[error("the forest does not begin at a multiple of 8")]
    Misaligned,
    /// A value is out of range or violates an invariant.
    #[error("{part} {index} of the forest is not valid")]
    Invalid {
        /// The part of the layout.
        part: &'static str,
        /// Index in that part.
        index: usize,
    },
}

/// The parts of a compiled forest, borrowed from its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'a> {
    pub(crate) header: &'a Header,
    pub(crate) thresholds: &'a [f64],
    pub(crate) values: &'a [f64],
    pub(crate) leaves: &'a [f64],
    pub(crate) scales: &'a [Scale],
    pub(crate) nodes: &'a [u32],
    pub(crate) masks: &'a [u32],
    pub(crate) buckets: &'a [u32],
    pub(crate) axes: &'a [Axis],
    pub(crate) table: &'a [u32],
    pub(crate) trees: &'a [Begin],
    pub(crate) cells: &'a [Cell],
    pub(crate) columns: &'a [Column],
    pub(crate) places: &'a [u32],
    pub(crate) starts: &'a [u32],
}

impl<'a> Parts<'a> {
    /// Splits the bytes of a forest into its parts without copying.
    pub(crate) fn split(bytes: &'a [u8]) -> Result<Self, LayoutError> {
        let mut rest = Rest {
            bytes,
            total: bytes.len(),
        };
        let header = &rest.take::<Header>(1)?[0];
        Ok(Self {
            header,
            thresholds: rest.take(header.thresholds as usize)?,
            values: rest.take(header.values as usize)?,
            leaves: rest.take(header.leaves as usize)?,
            scales: rest.take(header.features as usize)?,
            nodes: rest.take(header.nodes as usize)?,
            masks: rest.take(header.masks as usize)?,
            buckets: rest.take(header.buckets as usize)?,
            axes: rest.take(header.axes as usize)?,
            table: rest.take(header.table as usize)?,
            trees: rest.take((header.trees as usize).saturating_add(1))?,
            cells: rest.take(header.cells as usize)?,
            columns: rest.take(header.columns as usize)?,
            places: rest.take(header.places as usize)?,
            starts: rest.take(header.starts as usize)?,
        })
    }

    /// How nodes are packed.
    pub(crate) fn packing(&self) -> Packing {
        Packing {
            child: self.header.child_bits,
            field: self.header.field_bits,
        }
    }

    /// Joins the parts to the bytes that [`Parts::split`] reads.
    pub(crate) fn join(&self) -> Vec<u8> {
        let parts: [&[u8]; 15] = [
            bytemuck::bytes_of(self.header),
            bytemuck::cast_slice(self.thresholds),
            bytemuck::cast_slice(self.values),
            bytemuck::cast_slice(self.leaves),
            bytemuck::cast_slice(self.scales),
            bytemuck::cast_slice(self.nodes),
            bytemuck::cast_slice(self.masks),
            bytemuck::cast_slice(self.buckets),
            bytemuck::cast_slice(self.axes),
            bytemuck::cast_slice(self.table),
            bytemuck::cast_slice(self.trees),
            bytemuck::cast_slice(self.cells),
            bytemuck::cast_slice(self.columns),
            bytemuck::cast_slice(self.places),
            bytemuck::cast_slice(self.starts),
        ];
        parts.concat()
    }
}

/// The bytes that are not yet assigned to a part.
struct Rest<'a> {
    bytes: &'a [u8],
    total: usize,
}

impl<'a> Rest<'a> {
    /// Splits `count` values off the front.
    fn take<T: Pod>(&mut self, count: usize) -> Result<&'a [T], LayoutError> {
        let length = count.saturating_mul(size_of::<T>());
        let Some((front, rest)) = self.bytes.split_at_checked(length) else {
            return Err(LayoutError::Truncated {
                expected: (self.total - self.bytes.len()).saturating_add(length),
                found: self.total,
            });
        };
        self.bytes = rest;
        bytemuck::try_cast_slice(front).map_err(|_| LayoutError::Misaligned)
    }
}
