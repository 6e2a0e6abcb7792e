//! Blocks of rows that are predicted together: binned, and sorted by cell.

use crate::bins::Bins;
use crate::layout::Parts;

/// Maximum numbers of rows and bins in a block: large, because the trees of a cell are read once
/// for all of its rows.
const ROWS: usize = 1 << 15;
const BINS: usize = 1 << 20;

/// The bins of a block of rows, and the rows of each cell.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// Slots per row: one per feature, after slot 0, which is always 0.
    slots: usize,
    bins: Vec<u32>,
    /// For each row, 1 + its cell, or 0 if it is in no cell.
    cells: Vec<u32>,
    /// The rows, sorted by cell.
    order: Vec<u32>,
    /// Where the rows of each cell end in `order`.
    ends: Vec<u32>,
}

impl Block {
    /// Maximum number of rows in a block.
    pub(crate) fn max_rows(parts: &Parts<'_>) -> usize {
        (BINS / (parts.header.features as usize + 1)).clamp(1, ROWS)
    }

    /// Replaces the rows, at most [`Block::max_rows`].
    pub(crate) fn fill(&mut self, parts: &Parts<'_>, rows: &[f64]) {
        let slots = parts.header.features as usize + 1;
        if self.slots != slots {
            *self = Self {
                slots,
                ..Self::default()
            };
        }
        let count = rows.len() / (slots - 1);
        // Slot 0 of every row is initialised to 0 and never written.
        self.bins.resize(self.bins.len().max(slots * count), 0);
        self.cells.resize(count, 0);
        Bins::new(parts).rows(rows, &mut self.bins);
        let bins = self.bins.chunks_exact(self.slots);
        for (bins, cell) in bins.zip(&mut self.cells) {
            let axes = parts.axes.iter();
            let place: u32 = axes
                .map(|axis| bins[axis.feature as usize + 1] * axis.stride)
                .sum();
            *cell = parts.table[place as usize];
        }
        if count > 1 {
            self.sort(1 + parts.cells.len());
        }
    }

    /// Counting sort of the rows by cell.
    fn sort(&mut self, cells: usize) {
        self.order.resize(self.cells.len(), 0);
        self.ends.clear();
        self.ends.resize(cells, 0);
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

    /// Calls `take` with each non-empty cell and its rows.
    #[inline]
    pub(crate) fn each_cell(&self, mut take: impl FnMut(usize, &[u32])) {
        if let [cell] = self.cells[..] {
            return take(cell as usize, &[0]);
        }
        let mut start = 0;
        for (cell, &end) in self.ends.iter().enumerate() {
            if end > start {
                take(cell, &self.order[start as usize..end as usize]);
            }
            start = end;
        }
    }

    /// The bins of a row, by slot.
    #[inline]
    pub(crate) fn of(&self, row: u32) -> &[u32] {
        &self.bins[row as usize * self.slots..][..self.slots]
    }

    /// The bins of groups of rows: by group, then slot, then row.
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
