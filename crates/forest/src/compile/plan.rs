//! Chooses cells and the form of trees by the estimated cost of a prediction.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use crate::bins::below;
use crate::compile::binned::{BinnedNode, BinnedTree};
use crate::compile::cells::Cells;
use crate::compile::masks::words;

/// Number of sample rows used to estimate costs.
const ROWS: usize = 1000;
/// Number of nodes visited per estimate; in larger forests only some trees are visited.
const VISITS: usize = 4_000_000;
/// Maximum size of the cells, in bytes per node of the forest.
const BYTES_PER_NODE: usize = 64;
/// Maximum size of the cells, in bytes.
const MAX_BYTES: usize = 32 << 20;
/// Minimum share of the cost that another axis must save.
const WORTHWHILE: f64 = 0.05;

/// The choices made in compiling a forest.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The features whose bins determine a row's cell.
    pub axes: Vec<usize>,
    /// Number of cells; rows outside of them walk through the whole trees.
    pub cells: usize,
    /// Estimated number of instructions per row.
    pub cost: f64,
}

/// How trees are evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A walk from node to node, several walks side by side.
    Walk,
    /// Intersection of masks over the leaves, in cells.
    Masks,
}

impl Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Walk => "walk",
            Self::Masks => "masks",
        })
    }
}

impl Plan {
    /// How the trees of a cell are evaluated; without cells, how all trees are.
    #[must_use]
    pub fn form(&self) -> Form {
        match self.cells {
            0 => Form::Walk,
            _ => Form::Masks,
        }
    }
}

/// Decides whether to use cells, and chooses their axes greedily.
pub(super) fn choose(
    trees: &[BinnedTree],
    thresholds: &[Vec<f64>],
    bins: &[u32],
    sample: &[f64],
) -> (Plan, Cells) {
    let sample = binned(thresholds, sample);
    let nodes: usize = trees.iter().map(|tree| tree.nodes.len()).sum();
    let budget = (nodes * BYTES_PER_NODE).min(MAX_BYTES) as f64;
    let whole = Plan {
        axes: Vec::new(),
        cells: 0,
        cost: walk_cost(trees.len(), visits(trees, &sample)),
    };
    if sample.is_empty() {
        return (whole, Cells::default());
    }
    let with_axes = |axes: &[usize]| {
        let cells = Cells::new(axes, bins, &sample)?;
        let size = Size::estimate(trees, bins, &cells);
        let covered = cells.coverage(&sample);
        let plan = Plan {
            axes: axes.to_vec(),
            cells: cells.cells.len(),
            cost: covered * size.cost() + (1.0 - covered) * whole.cost,
        };
        (size.bytes() <= budget).then_some((plan, cells))
    };
    let is_worthwhile = |plan: &Plan, than: &Plan| plan.cost < than.cost * (1.0 - WORTHWHILE);

    let single = with_axes(&[]).filter(|(plan, _)| is_worthwhile(plan, &whole));
    let mut best = single.unwrap_or_else(|| (whole.clone(), Cells::default()));
    loop {
        let axes = &best.0.axes;
        let others =
            (0..bins.len()).filter(|feature| bins[*feature] > 1 && !axes.contains(feature));
        let plans = others.filter_map(|feature| with_axes(&[axes, &[feature][..]].concat()));
        let cheapest = plans.min_by(|(a, _), (b, _)| a.cost.total_cmp(&b.cost));
        match cheapest.filter(|(plan, _)| is_worthwhile(plan, &best.0)) {
            Some(better) => best = better,
            None => return best,
        }
    }
}

/// The bins of up to [`ROWS`] rows, spread evenly over the sample.
fn binned(thresholds: &[Vec<f64>], sample: &[f64]) -> Vec<Vec<u32>> {
    let width = thresholds.len().max(1);
    let step = (sample.len() / width).div_ceil(ROWS).max(1);
    let rows = sample.chunks_exact(width).step_by(step);
    rows.map(|row| {
        let values = row.iter().zip(thresholds);
        values
            .map(|(&value, thresholds)| below(thresholds, value))
            .collect()
    })
    .collect()
}

/// Mean number of splits that a sample row visits in all trees.
fn visits(trees: &[BinnedTree], sample: &[Vec<u32>]) -> f64 {
    let mut visits = 0_u64;
    for (row, tree) in sample
        .iter()
        .flat_map(|row| trees.iter().map(move |tree| (row, tree)))
    {
        let mut at = 0;
        while let BinnedNode::Split {
            feature,
            bin,
            left,
            right,
        } = tree.nodes[at]
        {
            visits += 1;
            at = if row[feature as usize] > bin {
                right
            } else {
                left
            } as usize;
        }
    }
    visits as f64 / sample.len().max(1) as f64
}

/// Estimated number of instructions for a row's walks through all trees.
fn walk_cost(trees: usize, visits: f64) -> f64 {
    9.0 * visits + 8.0 * trees as f64 + 30.0
}

/// Estimated size of cells.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    leaves: f64,
    /// Number of words that are intersected for a row.
    words: f64,
    /// Number of mask rows that are intersected for a row.
    groups: f64,
    /// Number of words of all mask rows.
    masks: f64,
}

impl Size {
    /// Estimates the size from some of the trees.
    fn estimate(trees: &[BinnedTree], bins: &[u32], cells: &Cells) -> Self {
        let nodes: usize = trees.iter().map(|tree| tree.nodes.len()).sum();
        let step = (nodes * cells.cells.len())
            .div_ceil(VISITS)
            .clamp(1, trees.len());
        let some = trees.iter().step_by(step);
        let share = trees.len() as f64 / some.len() as f64;
        let rows: usize = cells.cells.values().sum();
        let mut size = Self::default();
        for (fixed, &weight) in cells.fixed(bins.len()).zip(cells.cells.values()) {
            let mut splits = BTreeSet::new();
            let leaves = some.clone().map(|tree| tree.leaves(&fixed, &mut splits));
            let leaves: Vec<usize> = leaves.collect();
            let features = splits.iter().map(|&(feature, _)| feature);
            let features = features.collect::<BTreeSet<_>>().len() as f64;
            let words = leaves.iter().map(|&leaves| words(leaves)).sum::<usize>() as f64 * share;
            let weight = weight as f64 / rows as f64;
            size.leaves += leaves.iter().sum::<usize>() as f64 * share;
            size.words += weight * words;
            size.groups += weight * features;
            size.masks += words * (splits.len() as f64 + features);
        }
        size
    }

    fn bytes(&self) -> f64 {
        4.0 * self.masks + 8.0 * self.leaves
    }

    /// Estimated number of instructions for intersecting a row's masks.
    fn cost(&self) -> f64 {
        self.words * (6.0 + 0.7 * self.groups) + 30.0
    }
}
