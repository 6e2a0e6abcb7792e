//! Predicting with a compiled forest.

use crate::bins::Bins;
use crate::compile::is_class;
use crate::layout::{LayoutError, PackedNode, Parts};
use crate::tree::Aggregation;
use crate::walk::{LANES, to_leaves};

/// Rows whose bins are held at once: they fit into the first-level cache beside the nodes.
const BLOCK: usize = 64;

/// A compiled forest, borrowed from its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Forest<'a> {
    parts: Parts<'a>,
}

/// A list of values is not a whole number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{values} values are not a whole number of rows of {width}")]
pub struct WrongLength {
    /// Number of values given.
    pub values: usize,
    /// Number of values in a row.
    pub width: usize,
}

impl<'a> Forest<'a> {
    /// Reads what [`crate::compile`] wrote, checking every reference once.
    ///
    /// # Errors
    ///
    /// If the bytes are truncated, misaligned or refer to what is not there.
    pub fn read(bytes: &'a [u8]) -> Result<Self, LayoutError> {
        let parts = Parts::split(bytes)?;
        let invalid = |part, index| Err(LayoutError::Invalid { part, index });
        let header = parts.header;
        if let Some(index) = parts.offsets.windows(2).position(|pair| pair[0] > pair[1]) {
            return invalid("offset", index + 1);
        }
        if parts.offsets[0] != 0 || parts.offsets[header.features as usize] != header.thresholds {
            return invalid("offset", header.features as usize);
        }
        if header.trees == 0 {
            return invalid("root", 0);
        }
        if let Some(index) = parts.roots.iter().position(|&root| root >= header.nodes) {
            return invalid("root", index);
        }
        for (index, &node) in parts.nodes.iter().enumerate() {
            let leaf = node == PackedNode::leaf(index as u32);
            let forward = node.left() as usize > index && node.left() + 1 < header.nodes;
            let feature = node.feature() < header.features as usize;
            let class = header.classes == 0 || is_class(parts.values[index], header.classes);
            if !(leaf && class || !leaf && forward && feature) {
                return invalid("node", index);
            }
        }
        Ok(Self { parts })
    }

    /// Number of values in a row.
    #[must_use]
    pub fn features(&self) -> usize {
        self.parts.header.features as usize
    }

    /// Number of trees.
    #[must_use]
    pub fn trees(&self) -> usize {
        self.parts.roots.len()
    }

    /// Number of nodes of all trees, leaves included.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.parts.nodes.len()
    }

    /// How the trees' leaves become an answer.
    #[must_use]
    pub fn aggregation(&self) -> Aggregation {
        match self.parts.header.classes {
            0 => Aggregation::Mean,
            classes => Aggregation::Vote { classes },
        }
    }

    /// The thresholds that rows are binned by.
    #[must_use]
    pub fn bins(&self) -> Bins<'a> {
        Bins::new(self.parts.offsets, self.parts.thresholds)
    }

    /// Predicts rows that lie one after the other (row-major, rows × features). Answers
    /// row-major, rows × [`Aggregation::outputs`].
    ///
    /// # Errors
    ///
    /// If `rows` does not hold a whole number of rows.
    pub fn predict(&self, rows: &[f64]) -> Result<Vec<f64>, WrongLength> {
        let width = self.features();
        if width == 0 || rows.len() % width != 0 {
            return Err(WrongLength {
                values: rows.len(),
                width,
            });
        }
        let outputs = self.aggregation().outputs();
        let mut answer = vec![0.0; rows.len() / width * outputs];
        let mut bins = vec![0; width * BLOCK.min(rows.len() / width)];
        for (block, sums) in rows
            .chunks(width * BLOCK)
            .zip(answer.chunks_mut(outputs * BLOCK))
        {
            for (row, bins) in block.chunks(width).zip(bins.chunks_mut(width)) {
                self.bins().row(row, bins);
            }
            let count = block.len() / width;
            let together = count - count % LANES;
            self.add_rows_together(&bins, &mut sums[..together * outputs]);
            for row in together..count {
                let sums = &mut sums[row * outputs..(row + 1) * outputs];
                self.add_one_row(&bins[row * width..], sums);
            }
        }
        let trees = self.trees() as f64;
        for value in &mut answer {
            *value /= trees;
        }
        Ok(answer)
    }

    /// Adds every tree's leaf to a whole number of `LANES` rows: one tree, `LANES` rows at a time.
    fn add_rows_together(&self, bins: &[u32], sums: &mut [f64]) {
        let (width, outputs) = (self.features(), self.aggregation().outputs());
        for &root in self.parts.roots {
            for (group, sums) in sums.chunks_mut(LANES * outputs).enumerate() {
                let rows = std::array::from_fn(|lane| (group * LANES + lane) * width);
                let leaves = to_leaves(self.parts.nodes, bins, rows, [root; LANES]);
                for (sums, leaf) in sums.chunks_mut(outputs).zip(leaves) {
                    self.add_leaf(leaf, sums);
                }
            }
        }
    }

    /// Adds every tree's leaf to one row: `LANES` trees at a time.
    fn add_one_row(&self, bins: &[u32], sums: &mut [f64]) {
        for roots in self.parts.roots.chunks(LANES) {
            let at = std::array::from_fn(|lane| roots[lane.min(roots.len() - 1)]);
            let leaves = to_leaves(self.parts.nodes, bins, [0; LANES], at);
            for &leaf in &leaves[..roots.len()] {
                self.add_leaf(leaf, sums);
            }
        }
    }

    #[inline]
    fn add_leaf(&self, leaf: u32, sums: &mut [f64]) {
        let value = self.parts.values[leaf as usize];
        match self.aggregation() {
            Aggregation::Mean => sums[0] += value,
            Aggregation::Vote { .. } => sums[value as usize] += 1.0,
        }
    }
}
