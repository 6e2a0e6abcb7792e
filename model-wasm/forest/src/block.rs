//! Rows that are predicted together: binned, and ordered by cell.

use crate::bins::Bins;
use crate::layout::Parts;

/// Most rows of a block: enough for every cell to be read once for several rows, few enough for
/// their bins to stay in the second-level cache.
const ROWS: usize = 32768;

/// The bins of some rows, and which rows share a cell.
#[derive(Debug)]
pub(crate) struct Block {
    /// Slots of a row: one for each feature, after one that is always 0.
    slots: usize,
    bins: Vec<u32>,
    /// The place of each row in the table of cells.
    cells: Vec<u32>,
    /// The rows, those of the first cell first.
    order: Vec<u32>,
    /// Where the rows of each cell end in `order`.
    ends: Vec<u32>,
}

impl Block {
    /// Room for up to `rows` rows, at most as many as a block holds.
    pub(crate) fn new(parts: &Parts<'_>, rows: usize) -> Self {
        let (slots, rows) = (parts.header.features as usize + 1, rows.min(ROWS));
        let cells = parts.header.cells.max(parts.header.walked) as usize;
        Self {
            slots,
            bins: vec![0; slots * rows],
            cells: vec![0; rows],
            order: vec![0; rows],
            ends: vec![0; cells + 1],
        }
    }

    /// Rows there is room for, at least one.
    pub(crate) fn capacity(&self) -> usize {
        self.order.len().max(1)
    }

    /// Takes other rows, at most as many as there is room for.
    pub(crate) fn fill(&mut self, parts: &Parts<'_>, rows: &[f64]) {
        let count = rows.len() / (self.slots - 1);
        self.order.truncate(count);
        self.cells.truncate(count);
        Bins::new(parts).rows(rows, &mut self.bins);
        let bins = self.bins.chunks_exact(self.slots);
        for (bins, cell) in bins.zip(&mut self.cells) {
            let axes = parts.axes.iter();
            let place: u32 = axes
                .map(|axis| bins[axis.feature as usize + 1] * axis.stride)
                .sum();
            *cell = parts.table[place as usize];
        }
        self.sort();
    }

    /// Orders the rows by cell; a counting sort, since there are few cells.
    fn sort(&mut self) {
        if let [cell] = self.cells[..] {
            self.order[0] = 0;
            self.ends.fill(0);
            self.ends[cell as usize..].fill(1);
            return;
        }
        self.ends.fill(0);
        for &cell in &self.cells {
            self.ends[cell as usize] += 1;
        }
        let mut start = 0;
        for end in &mut self.ends {
            start += std::mem::replace(end, start);
        }
        for (row, &cell) in self.cells.iter().enumerate() {
            let place = &mut self.ends[cell as usize];
            self.order[*place as usize] = row as u32;
            *place += 1;
        }
    }

    /// The cells that rows are in, each with its rows.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (usize, &[u32])> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .enumerate()
            .map(|(cell, (start, &end))| (cell, &self.order[start as usize..end as usize]))
            .filter(|(_, rows)| !rows.is_empty())
    }

    /// The bins of a row, by slot.
    #[inline]
    pub(crate) fn of(&self, row: u32) -> &[u32] {
        &self.bins[row as usize * self.slots..][..self.slots]
    }

    /// The bins of groups of rows: of each group slot by slot, for every slot one row after the
    /// other.
    pub(crate) fn interleaved<'a>(&self, groups: impl Iterator<Item = &'a [u32]>) -> Vec<u32> {
        let mut bins = Vec::new();
        for rows in groups {
            for slot in 0..self.slots {
                bins.extend(rows.iter().map(|&row| self.of(row)[slot]));
            }
        }
        bins
    }
}
