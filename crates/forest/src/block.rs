//! Rows that are predicted together: binned, and ordered by cell.

use crate::bins::Bins;
use crate::layout::Parts;

/// Most rows of a block, and most bins: many rows share a cell then, whose trees are read once.
const ROWS: usize = 1 << 15;
const BINS: usize = 1 << 20;

/// The bins of some rows, and which rows share a cell.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// Slots of a row: one for each feature, after one that is always 0.
    slots: usize,
    bins: Vec<u32>,
    /// For each row 1 + its cell, or 0 if it is in none.
    cells: Vec<u32>,
    /// The rows, those of the first cell first.
    order: Vec<u32>,
    /// Where the rows of each cell end in `order`.
    ends: Vec<u32>,
}

impl Block {
    /// Most rows of a block for a forest.
    pub(crate) fn most_rows(parts: &Parts<'_>) -> usize {
        (BINS / (parts.header.features as usize + 1)).clamp(1, ROWS)
    }

    /// Takes other rows, at most as many as a block may have.
    pub(crate) fn fill(&mut self, parts: &Parts<'_>, rows: &[f64]) {
        let slots = parts.header.features as usize + 1;
        if self.slots != slots {
            *self = Self {
                slots,
                ..Self::default()
            };
        }
        let count = rows.len() / (slots - 1);
        // Slot 0 of every row is 0 from the beginning, and never written.
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

    /// Orders the rows by cell; a counting sort, since there are few cells.
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

    /// Hands over the cells that rows are in, each with its rows.
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
