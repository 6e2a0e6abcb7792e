//! Predicting with a compiled forest.

use crate::bins::Bins;
use crate::block::Block;
use crate::check::check;
use crate::layout::{Cell, LayoutError, Parts};
use crate::masks::{Selection, each_leaf};
use crate::node::Word;
use crate::tree::Aggregation;
use crate::walk::{LANES, Walks};

/// A compiled forest, borrowed from its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Forest<'a> {
    parts: Parts<'a>,
}

/// Working memory for predictions; grows as needed.
#[derive(Debug, Default)]
pub struct Scratch {
    block: Block,
    selection: Selection,
}

/// The number of values is not a multiple of the number of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{values} values are not a whole number of rows of {width}")]
pub struct WrongLength {
    /// Number of values given.
    pub values: usize,
    /// Number of values in a row.
    pub width: usize,
}

impl<'a> Forest<'a> {
    /// Reads the output of [`crate::compile()`] in place, checking every reference once.
    ///
    /// # Errors
    ///
    /// If the bytes are truncated, misaligned or contain an invalid reference.
    pub fn read(bytes: &'a [u8]) -> Result<Self, LayoutError> {
        let parts = Parts::split(bytes)?;
        check(&parts)?;
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
        self.parts.header.trees as usize
    }

    /// How the leaves of the trees are combined into a prediction.
    #[must_use]
    pub fn aggregation(&self) -> Aggregation {
        match self.parts.header.classes {
            0 => Aggregation::Mean,
            classes => Aggregation::Vote { classes },
        }
    }

    /// The thresholds by which rows are binned.
    #[must_use]
    pub fn bins(&self) -> Bins<'a> {
        Bins::new(&self.parts)
    }

    /// Predicts rows (row-major, rows × features); returns the predictions row-major, rows ×
    /// [`Aggregation::outputs`].
    ///
    /// # Errors
    ///
    /// If the number of values is not a multiple of the number of features.
    pub fn predict(&self, rows: &[f64]) -> Result<Vec<f64>, WrongLength> {
        self.predict_with(rows, &mut Scratch::default())
    }

    /// Like [`Forest::predict`], with reusable working memory.
    ///
    /// # Errors
    ///
    /// As [`Forest::predict`].
    pub fn predict_with(
        &self,
        rows: &[f64],
        scratch: &mut Scratch,
    ) -> Result<Vec<f64>, WrongLength> {
        let width = self.features();
        if width == 0 || rows.len() % width != 0 {
            return Err(WrongLength {
                values: rows.len(),
                width,
            });
        }
        let outputs = self.aggregation().outputs();
        let mut predictions = vec![0.0; rows.len() / width * outputs];
        let Scratch { block, selection } = scratch;
        let capacity = Block::max_rows(&self.parts);
        for (rows, sums) in rows
            .chunks(width * capacity)
            .zip(predictions.chunks_mut(outputs * capacity))
        {
            block.fill(&self.parts, rows);
            let cells = self.parts.cells;
            block.each_cell(|cell, rows| {
                match cell.checked_sub(1).and_then(|cell| cells.get(cell)) {
                    Some(cell) => self.add_words(cell, block, rows, selection, sums),
                    None => self.add_walks(block, rows, sums),
                }
            });
        }
        let trees = self.trees() as f64;
        for value in &mut predictions {
            *value /= trees;
        }
        Ok(predictions)
    }

    /// Adds every tree's leaf to rows whose cell has masks.
    #[inline(never)]
    fn add_words(
        &self,
        cell: &Cell,
        block: &Block,
        rows: &[u32],
        selection: &mut Selection,
        sums: &mut [f64],
    ) {
        let outputs = self.aggregation().outputs();
        for &row in rows {
            let bins = block.of(row);
            let sums = &mut sums[row as usize * outputs..][..outputs];
            let masks = selection.select(&self.parts, cell, bins);
            match self.aggregation() {
                Aggregation::Mean => {
                    let mut sum = 0.0;
                    each_leaf(&self.parts, cell, masks, |leaf| sum += leaf);
                    sums[0] = sum;
                }
                // A word without the row's leaf yields the number of classes: no vote.
                Aggregation::Vote { .. } => each_leaf(&self.parts, cell, masks, |leaf| {
                    if let Some(votes) = sums.get_mut(leaf as usize) {
                        *votes += 1.0;
                    }
                }),
            }
        }
    }

    /// Adds every tree's leaf to rows that are in no cell.
    fn add_walks(&self, block: &Block, rows: &[u32], sums: &mut [f64]) {
        match self.parts.header.node_bits {
            u32::BITS => self.add_walks_of::<u32>(block, rows, sums),
            _ => self.add_walks_of::<u64>(block, rows, sums),
        }
    }

    /// Not inlined, so that it has all registers.
    #[inline(never)]
    fn add_walks_of<W: Word>(&self, block: &Block, rows: &[u32], sums: &mut [f64]) {
        let walks = Walks {
            packing: self.parts.packing(),
            nodes: bytemuck::cast_slice::<u32, W>(self.parts.nodes),
            values: self.parts.values,
            trees: self.parts.trees,
        };
        let groups = rows.chunks_exact(LANES);
        let alone = groups.remainder();
        let bins = block.interleaved(groups.clone());
        let size = (self.features() + 1) * LANES;
        for tree in 0..self.trees() {
            for (rows, bins) in groups.clone().zip(bins.chunks_exact(size)) {
                // SAFETY: the block has a slot for every feature, with a bin of its thresholds.
                let leaves = unsafe { walks.rows(tree, bins) };
                for (&row, leaf) in rows.iter().zip(leaves) {
                    self.add_leaf(leaf, row, sums);
                }
            }
        }
        for &row in alone {
            for first in (0..self.trees()).step_by(LANES) {
                // SAFETY: as above.
                let leaves = unsafe { walks.trees(first, block.of(row)) };
                for &leaf in &leaves[..LANES.min(self.trees() - first)] {
                    self.add_leaf(leaf, row, sums);
                }
            }
        }
    }

    #[inline]
    fn add_leaf(&self, leaf: f64, row: u32, sums: &mut [f64]) {
        match self.aggregation() {
            Aggregation::Mean => sums[row as usize] += leaf,
            Aggregation::Vote { classes } => {
                sums[row as usize * classes as usize + leaf as usize] += 1.0;
            }
        }
    }
}
