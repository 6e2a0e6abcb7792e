//! Predicting with a compiled forest.

use crate::bins::Bins;
use crate::block::Block;
use crate::check::check;
use crate::layout::{Cell, LayoutError, Parts};
use crate::masks::{Selection, each_leaf};
use crate::tree::Aggregation;
use crate::walk::{LANES, to_leaves};

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
        Bins::new(&self.parts)
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
        let mut block = Block::new(&self.parts, rows.len() / width);
        let mut selection = Selection::new(&self.parts);
        let capacity = block.capacity();
        for (rows, sums) in rows
            .chunks(width * capacity)
            .zip(answer.chunks_mut(outputs * capacity))
        {
            block.fill(&self.parts, rows);
            for (cell, rows) in block.runs() {
                match cell
                    .checked_sub(1)
                    .and_then(|cell| self.parts.cells.get(cell))
                {
                    Some(cell) => self.add_words(cell, &block, rows, &mut selection, sums),
                    None => self.add_walks(cell, &block, rows, sums),
                }
            }
        }
        let trees = self.trees() as f64;
        for value in &mut answer {
            *value /= trees;
        }
        Ok(answer)
    }

    /// Adds every tree's leaf to rows whose cell has masks.
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
            let bins = &block.bins()[block.start(row)..];
            let sums = &mut sums[row as usize * outputs..][..outputs];
            let masks = selection.select(&self.parts, cell, bins);
            match self.aggregation() {
                Aggregation::Mean => {
                    let mut sum = 0.0;
                    each_leaf(&self.parts, cell, masks, |leaf| sum += leaf);
                    sums[0] = sum;
                }
                // The leaf of a word that the row is not in is one class more.
                Aggregation::Vote { .. } => each_leaf(&self.parts, cell, masks, |leaf| {
                    if let Some(votes) = sums.get_mut(leaf as usize) {
                        *votes += 1.0;
                    }
                }),
            }
        }
    }

    /// Adds every tree's leaf to rows whose trees are walked: those of the cell, or the whole
    /// trees for cell 0.
    fn add_walks(&self, cell: usize, block: &Block, rows: &[u32], sums: &mut [f64]) {
        let roots = &self.parts.roots[cell * self.trees()..][..self.trees()];
        let together = rows.len() - rows.len() % LANES;
        for &root in roots {
            for rows in rows[..together].chunks_exact(LANES) {
                let starts = std::array::from_fn(|lane| block.start(rows[lane]));
                // SAFETY: the forest was checked, and the block has a slot for every feature,
                // filled with bins of its thresholds.
                let leaves =
                    unsafe { to_leaves(self.parts.nodes, block.bins(), starts, [root; LANES]) };
                for (&row, leaf) in rows.iter().zip(leaves) {
                    self.add_leaf(leaf, row, sums);
                }
            }
        }
        for &row in &rows[together..] {
            let starts = [block.start(row); LANES];
            for roots in roots.chunks(LANES) {
                let at = std::array::from_fn(|lane| roots[lane.min(roots.len() - 1)]);
                // SAFETY: as above.
                let leaves = unsafe { to_leaves(self.parts.nodes, block.bins(), starts, at) };
                for &leaf in &leaves[..roots.len()] {
                    self.add_leaf(leaf, row, sums);
                }
            }
        }
    }

    #[inline]
    fn add_leaf(&self, leaf: u32, row: u32, sums: &mut [f64]) {
        let value = self.parts.values[leaf as usize];
        match self.aggregation() {
            Aggregation::Mean => sums[row as usize] += value,
            Aggregation::Vote { classes } => {
                sums[row as usize * classes as usize + value as usize] += 1.0;
            }
        }
    }
}
