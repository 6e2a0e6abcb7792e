//! Cells: sets of rows with the same bins in some features.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::binned::FREE;
use crate::layout::Axis;

/// Maximum size of the table that maps a row to its cell.
const MAX_PLACES: usize = 1 << 14;

/// The combinations of the axes' bins that occur in the sample.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    /// The features that determine a cell.
    pub(super) axes: Vec<usize>,
    /// The axes' bins of each cell, with its number of sample rows.
    pub(super) cells: BTreeMap<Vec<u32>, usize>,
}

impl Cells {
    /// The cells of a sample, given as bins (row-major); `None` if their table would be too
    /// large.
    pub(super) fn new(axes: &[usize], bins: &[u32], sample: &[Vec<u32>]) -> Option<Self> {
        let places = axes.iter().try_fold(1_usize, |places, &axis| {
            places.checked_mul(bins[axis] as usize)
        })?;
        if places > MAX_PLACES {
            return None;
        }
        let mut cells = BTreeMap::new();
        for row in sample {
            *cells.entry(cell_of(axes, row)).or_default() += 1;
        }
        Some(Self {
            axes: axes.to_vec(),
            cells,
        })
    }

    /// Estimates the share of new rows that fall into a cell: the share of every second sample row
    /// that falls into a cell of the other rows.
    pub(super) fn coverage(&self, sample: &[Vec<u32>]) -> f64 {
        let cell = |row: &Vec<u32>| cell_of(&self.axes, row);
        let known: BTreeSet<Vec<u32>> = sample.iter().step_by(2).map(cell).collect();
        let others = sample.iter().skip(1).step_by(2);
        let covered = others
            .clone()
            .filter(|row| known.contains(&cell(row)))
            .count();
        covered as f64 / others.len().max(1) as f64
    }

    /// The bins of each cell by feature; [`FREE`] if the cell does not fix it.
    pub(super) fn fixed(&self, features: usize) -> impl Iterator<Item = Vec<u32>> {
        self.cells.keys().map(move |bins| {
            let mut fixed = vec![FREE; features];
            for (&axis, &bin) in self.axes.iter().zip(bins) {
                fixed[axis] = bin;
            }
            fixed
        })
    }

    /// The axes with their strides in [`Cells::table`].
    pub(super) fn axes(&self, bins: &[u32]) -> Vec<Axis> {
        let mut stride = 1;
        let axes = self.axes.iter().map(|&feature| {
            let axis = Axis {
                feature: feature as u32,
                stride,
            };
            stride *= bins[feature];
            axis
        });
        axes.collect()
    }

    /// For each combination of the axes' bins, 1 + its cell, or 0 if it has no cell.
    pub(super) fn table(&self, bins: &[u32]) -> Vec<u32> {
        let axes = self.axes(bins);
        let places: u32 = self.axes.iter().map(|&axis| bins[axis]).product();
        let mut table = vec![0; places as usize];
        for (cell, bins) in self.cells.keys().enumerate() {
            let place: u32 = axes
                .iter()
                .zip(bins)
                .map(|(axis, bin)| axis.stride * bin)
                .sum();
            table[place as usize] = cell as u32 + 1;
        }
        table
    }
}

/// The axes' bins of a row.
fn cell_of(axes: &[usize], row: &[u32]) -> Vec<u32> {
    axes.iter().map(|&axis| row[axis]).collect()
}
