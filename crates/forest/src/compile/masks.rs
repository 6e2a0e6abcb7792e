//! Lays out trees as masks.

use std::collections::BTreeMap;

use crate::compile::binned::BinnedNode;
use crate::layout::{Cell, Column};
use crate::masks::{BEFORE, MARGIN, STEP};

/// Number of leaves in a word.
const BITS: usize = 32;
/// Maximum number of mask rows of a group of several features.
const JOINT_ROWS: usize = 64;

/// Number of words for a tree with this many leaves.
pub(super) fn words(leaves: usize) -> usize {
    if leaves <= BITS {
        1
    } else {
        leaves.div_ceil(BITS - 1)
    }
}

/// The masks of all cells.
#[derive(Debug)]
pub(super) struct MaskTable<'a> {
    bins: &'a [u32],
    /// Value of the last leaf of a word whose tree has leaves in other words.
    none: f64,
    pub(super) masks: Vec<u32>,
    pub(super) leaves: Vec<f64>,
    pub(super) starts: Vec<u32>,
    pub(super) cells: Vec<Cell>,
    pub(super) columns: Vec<Column>,
    pub(super) places: Vec<u32>,
}

/// A leaf, with the range of bins of each feature that leads to it.
struct Path {
    leaf: f64,
    bounds: BTreeMap<u32, (u32, u32)>,
}

/// The mask rows of one feature.
struct Feature {
    feature: u32,
    /// The mask row of each bin.
    rows: Vec<u32>,
    /// Number of mask rows.
    count: usize,
    masks: Vec<u32>,
}

impl<'a> MaskTable<'a> {
    /// Creates an empty table; `bins` is the number of bins per feature.
    pub(super) fn new(bins: &'a [u32], none: f64) -> Self {
        Self {
            bins,
            none,
            masks: Vec::new(),
            leaves: vec![none; BEFORE],
            starts: Vec::new(),
            cells: Vec::new(),
            columns: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Adds a cell with these trees, each a pair of nodes and values of the leaves.
    pub(super) fn add(&mut self, trees: &[(Vec<BinnedNode>, &[f64])]) {
        let mut features = self.features(trees);
        let starts = self.starts.len();
        for (tree, values) in trees {
            let paths = paths(tree, values, self.bins);
            match words(paths.len()) {
                1 => self.add_word(&paths, paths.len(), &mut features),
                _ => paths
                    .chunks(BITS - 1)
                    .for_each(|paths| self.add_word(paths, BITS, &mut features)),
            }
        }
        while (self.starts.len() - starts) % STEP != 0 {
            self.add_word(&[], 1, &mut features);
        }
        let words = self.starts.len() - starts;
        let columns = self.columns.len();
        let groups = grouped(features);
        for (group, features) in groups.iter().enumerate() {
            self.add_group(group, features, words);
        }
        self.cells.push(Cell {
            words: words as u32,
            starts: starts as u32,
            columns: columns as u32,
            count: (self.columns.len() - columns) as u32,
            groups: groups.len() as u32,
        });
    }

    /// The features that the trees split on, or the first feature if there are no splits.
    fn features(&self, trees: &[(Vec<BinnedNode>, &[f64])]) -> Vec<Feature> {
        let mut splits = BTreeMap::from([(0, Vec::new())]);
        for node in trees.iter().flat_map(|(tree, _)| tree) {
            if let BinnedNode::Split { feature, bin, .. } = *node {
                splits.entry(feature).or_default().push(bin);
            }
        }
        if splits.len() > 1 && splits[&0].is_empty() {
            splits.remove(&0);
        }
        let features = splits.into_iter().map(|(feature, mut splits)| {
            splits.sort_unstable();
            splits.dedup();
            let bins = 0..self.bins[feature as usize];
            Feature {
                feature,
                rows: bins
                    .map(|bin| splits.partition_point(|&split| split < bin) as u32)
                    .collect(),
                count: splits.len() + 1,
                masks: Vec::new(),
            }
        });
        features.collect()
    }

    /// Pads the leaves after the last cell.
    pub(super) fn finish(&mut self) {
        if !self.cells.is_empty() {
            self.leaves.resize(self.leaves.len() + MARGIN, self.none);
        }
    }

    /// Adds a word with these leaves, padded to `size`; the padding bits are set in every mask.
    fn add_word(&mut self, paths: &[Path], size: usize, features: &mut [Feature]) {
        let start = self.leaves.len();
        self.starts.push((start - BEFORE) as u32);
        self.leaves.extend(paths.iter().map(|path| path.leaf));
        self.leaves.resize(start + size, self.none);
        for feature in features {
            let word = feature.masks.len();
            feature.masks.resize(word + feature.count, u32::MAX);
            let masks = &mut feature.masks[word..];
            for (bit, path) in paths.iter().enumerate() {
                if let Some(&(low, high)) = path.bounds.get(&feature.feature) {
                    let low = feature.rows[low as usize] as usize;
                    let high = feature.rows[high as usize] as usize;
                    let without = !(1 << bit);
                    masks[..low].iter_mut().for_each(|mask| *mask &= without);
                    masks[high + 1..]
                        .iter_mut()
                        .for_each(|mask| *mask &= without);
                }
            }
        }
    }

    /// Adds the mask rows of every combination of the features' bins.
    fn add_group(&mut self, group: usize, features: &[Feature], words: usize) {
        let mut base = self.masks.len();
        let mut stride = words;
        for feature in features {
            self.columns.push(Column {
                feature: feature.feature,
                group: group as u32,
                places: self.places.len() as u32,
            });
            let places = feature
                .rows
                .iter()
                .map(|&row| (base + row as usize * stride) as u32);
            self.places.extend(places);
            base = 0;
            stride *= feature.count;
        }
        for row in 0..stride / words {
            for word in 0..words {
                let mut rest = row;
                let masks = features.iter().map(|feature| {
                    let row = rest % feature.count;
                    rest /= feature.count;
                    feature.masks[word * feature.count + row]
                });
                self.masks.push(masks.fold(u32::MAX, |a, b| a & b));
            }
        }
    }
}

/// The leaves of a tree from left to right.
fn paths(tree: &[BinnedNode], values: &[f64], bins: &[u32]) -> Vec<Path> {
    let mut paths = Vec::new();
    let mut waiting = vec![(0, BTreeMap::new())];
    while let Some((at, bounds)) = waiting.pop() {
        match tree[at as usize] {
            BinnedNode::Leaf(value) => paths.push(Path {
                leaf: values[value as usize],
                bounds,
            }),
            BinnedNode::Split {
                feature,
                bin,
                left,
                right,
            } => {
                let all = (0, bins[feature as usize] - 1);
                let (low, high) = *bounds.get(&feature).unwrap_or(&all);
                // Omits branches that no row can take.
                if high > bin {
                    let mut bounds = bounds.clone();
                    bounds.insert(feature, (low.max(bin + 1), high));
                    waiting.push((right, bounds));
                }
                if low <= bin {
                    let mut bounds = bounds;
                    bounds.insert(feature, (low, high.min(bin)));
                    waiting.push((left, bounds));
                }
            }
        }
    }
    paths
}

/// Merges the features with the fewest mask rows into groups of at most [`JOINT_ROWS`].
fn grouped(features: Vec<Feature>) -> Vec<Vec<Feature>> {
    let mut groups: Vec<(usize, Vec<Feature>)> = features
        .into_iter()
        .map(|feature| (feature.count, vec![feature]))
        .collect();
    loop {
        groups.sort_by_key(|(rows, _)| std::cmp::Reverse(*rows));
        match groups.last_chunk::<2>() {
            Some([(more, _), (fewer, _)]) if more * fewer <= JOINT_ROWS => {}
            _ => return groups.into_iter().map(|(_, features)| features).collect(),
        }
        let (fewer, with) = groups.pop().unwrap_or_default();
        if let Some((rows, features)) = groups.last_mut() {
            *rows *= fewer;
            features.extend(with);
        }
    }
}
