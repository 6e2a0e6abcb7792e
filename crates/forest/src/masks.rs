//! Trees as masks over their leaves, after QuickScorer (Lucchese et al., SIGIR 2015,
//! <https://doi.org/10.1145/2766462.2767733>): no walk, and no load that depends on another.
//!
//! A *word* stands for up to 32 consecutive leaves of a tree, one bit per leaf. A *mask row* is the
//! sequence of the words of all trees of a cell. There is one for each bin of a feature, or for each
//! combination of bins of a group of features; its bits are the leaves whose path allows the bin.
//! The intersection of the mask rows that a row of features selects, one per group, leaves one bit
//! in each tree: the leaf that the row reaches. A tree with more than 32 leaves has several words;
//! in each of them the last bit is always set and stands for 0, which is added if the leaf is in
//! another word.
//!
//! The leaves of a word begin `BEFORE` after its start in `leaves`. A mask row begins in `masks` at
//! the sum of the `places` of its group's columns, each looked up by the feature's bin.

use crate::layout::{Cell, Parts};
use crate::simd::{self, WORDS};

/// Number of words processed at once; mask rows are padded to a multiple of it with words whose
/// only leaf is 0.
pub(crate) const STEP: usize = 2 * WORDS;

/// Number of leaves before those of the first word, see [`simd::BIAS`].
pub(crate) const BEFORE: usize = simd::BIAS as usize;
/// Number of leaves that can be read from the start of a word on, whatever its mask.
pub(crate) const MARGIN: usize = 256;

/// Where the mask rows of one row of features begin.
#[derive(Debug, Default)]
pub(crate) struct Selection(Vec<u32>);

impl Selection {
    /// Selects the mask rows of a row of features, given its bins by slot.
    #[inline]
    pub(crate) fn select(&mut self, parts: &Parts<'_>, cell: &Cell, bins: &[u32]) -> &[u32] {
        let selected = &mut self.0;
        selected.clear();
        selected.resize(cell.groups as usize, 0);
        let columns = cell.columns as usize..(cell.columns + cell.count) as usize;
        for column in &parts.columns[columns] {
            let bin = bins[column.feature as usize + 1];
            selected[column.group as usize] += parts.places[(column.places + bin) as usize];
        }
        selected
    }
}

/// Calls `add` with the leaf of every word, in the order of the trees.
#[inline]
pub(crate) fn each_leaf(parts: &Parts<'_>, cell: &Cell, selected: &[u32], add: impl FnMut(f64)) {
    let words = Words {
        masks: parts.masks,
        starts: &parts.starts[cell.starts as usize..][..cell.words as usize],
        leaves: parts.leaves,
    };
    match *selected {
        [a] => words.each_leaf([a], add),
        [a, b] => words.each_leaf([a, b], add),
        [a, b, c] => words.each_leaf([a, b, c], add),
        [a, b, c, d] => words.each_leaf([a, b, c, d], add),
        [a, b, c, d, e] => words.each_leaf([a, b, c, d, e], add),
        [a, b, c, d, e, f] => words.each_leaf([a, b, c, d, e, f], add),
        [a, b, c, d, e, f, g] => words.each_leaf([a, b, c, d, e, f, g], add),
        [a, b, c, d, e, f, g, h] => words.each_leaf([a, b, c, d, e, f, g, h], add),
        ref many => words.each_leaf_of_many(many, add),
    }
}

/// The words of one cell.
struct Words<'a> {
    masks: &'a [u32],
    starts: &'a [u32],
    leaves: &'a [f64],
}

impl Words<'_> {
    /// Not inlined, so that the code for each number of rows has all registers.
    #[inline(never)]
    fn each_leaf<const ROWS: usize>(&self, rows: [u32; ROWS], mut add: impl FnMut(f64)) {
        let rows = rows.map(|place| self.row(place));
        for (step, starts) in self.starts().iter().enumerate() {
            for half in 0..STEP / WORDS {
                let first = simd::Words::load(&rows[0][step][half]);
                let masks = rows[1..].iter().fold(first, |masks, row| {
                    masks.and(simd::Words::load(&row[step][half]))
                });
                self.add(&starts[half], masks, &mut add);
            }
        }
    }

    #[inline(never)]
    fn each_leaf_of_many(&self, rows: &[u32], mut add: impl FnMut(f64)) {
        for (step, starts) in self.starts().iter().enumerate() {
            for (half, starts) in starts.iter().enumerate() {
                let mut masks = simd::Words::load(&[u32::MAX; WORDS]);
                for &place in rows {
                    masks = masks.and(simd::Words::load(&self.row(place)[step][half]));
                }
                self.add(starts, masks, &mut add);
            }
        }
    }

    #[inline]
    fn starts(&self) -> &[[[u32; WORDS]; STEP / WORDS]] {
        bytemuck::cast_slice(self.starts)
    }

    #[inline]
    fn row(&self, place: u32) -> &[[[u32; WORDS]; STEP / WORDS]] {
        let row = &self.masks[place as usize..][..self.starts.len()];
        bytemuck::cast_slice(row)
    }

    #[inline]
    fn add(&self, starts: &[u32; WORDS], masks: simd::Words, add: &mut impl FnMut(f64)) {
        let leaves = simd::Words::load(starts).plus_lowest_bits(masks);
        for leaf in leaves.each() {
            // SAFETY: the check of the forest ensures `MARGIN` leaves from every start on, and no
            // exponent is larger.
            add(unsafe { *self.leaves.get_unchecked(leaf as usize) });
        }
    }
}
