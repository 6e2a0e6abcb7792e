//! Compiles trees to the flat layout.

mod binned;
mod cells;
mod check;
mod error;
mod masks;
mod nodes;
mod plan;

use crate::bins::{MAX_THRESHOLDS, PADDING, scale};
use crate::compile::binned::BinnedTree;
use crate::compile::error::limit;
use crate::compile::masks::MaskTable;
use crate::compile::nodes::{lay_out, words};
use crate::layout::{Begin, Header, Parts};
use crate::node::Packing;
use crate::tree::{Aggregation, Node, Tree};

pub use error::CompileError;
pub use plan::{Form, Plan};

/// Maximum total number of nodes.
const MAX_NODES: usize = 1 << 27;

/// A compiled forest.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The bytes that [`crate::Forest::read`] reads.
    pub bytes: Vec<u8>,
    /// The choices of the compiler.
    pub plan: Plan,
}

/// Compiles trees over rows of `features` values. `sample` holds typical rows, such as the training
/// rows (row-major, rows × features). Similar rows are predicted fastest; all others are predicted
/// just as exactly. Without a sample there are no cells.
///
/// # Errors
///
/// If the trees are not well-formed or exceed the limits of the layout.
pub fn compile(
    trees: &[Tree],
    features: usize,
    aggregation: Aggregation,
    sample: &[f64],
) -> Result<Compiled, CompileError> {
    check::check(trees, features, aggregation)?;
    let thresholds = distinct_thresholds(trees, features);
    for values in &thresholds {
        limit("thresholds of a feature", values.len(), MAX_THRESHOLDS)?;
    }
    let trees: Vec<_> = trees
        .iter()
        .map(|tree| BinnedTree::new(tree, &thresholds))
        .collect();
    let bins: Vec<u32> = thresholds
        .iter()
        .map(|values| values.len() as u32 + 1)
        .collect();

    let (plan, cells) = plan::choose(&trees, &thresholds, &bins, sample);
    let none = match aggregation {
        Aggregation::Mean => 0.0,
        Aggregation::Vote { classes } => f64::from(classes),
    };
    let mut masks = MaskTable::new(&bins, none);
    for fixed in cells.fixed(features) {
        let nodes = trees.iter().map(|tree| tree.fixed(&fixed));
        let values = trees.iter().map(|tree| &tree.values[..]);
        masks.add(&nodes.zip(values).collect::<Vec<_>>());
    }
    masks.finish();
    let nodes = Nodes::new(&trees, &bins)?;
    for (what, count) in [
        ("mask words", masks.masks.len()),
        ("leaves of masks", masks.leaves.len()),
    ] {
        limit(what, count, u32::MAX as usize)?;
    }

    let (mut padded, mut buckets) = (Vec::new(), Vec::new());
    let mut scales = Vec::new();
    for thresholds in &thresholds {
        scales.push(scale(thresholds, padded.len(), &mut buckets));
        padded.extend(thresholds.iter().chain(&PADDING));
    }
    let (axes, table) = (cells.axes(&bins), cells.table(&bins));
    let header = Header {
        features: features as u32,
        trees: trees.len() as u32,
        classes: match aggregation {
            Aggregation::Mean => 0,
            Aggregation::Vote { classes } => classes,
        },
        thresholds: padded.len() as u32,
        values: nodes.values.len() as u32,
        leaves: masks.leaves.len() as u32,
        nodes: nodes.words.len() as u32,
        node_bits: nodes.bits,
        child_bits: nodes.packing.child,
        field_bits: nodes.packing.field,
        masks: masks.masks.len() as u32,
        axes: axes.len() as u32,
        table: table.len() as u32,
        cells: masks.cells.len() as u32,
        columns: masks.columns.len() as u32,
        places: masks.places.len() as u32,
        starts: masks.starts.len() as u32,
        buckets: buckets.len() as u32,
    };
    let parts = Parts {
        header: &header,
        thresholds: &padded,
        values: &nodes.values,
        leaves: &masks.leaves,
        nodes: &nodes.words,
        masks: &masks.masks,
        scales: &scales,
        buckets: &buckets,
        axes: &axes,
        table: &table,
        trees: &nodes.begins,
        cells: &masks.cells,
        columns: &masks.columns,
        places: &masks.places,
        starts: &masks.starts,
    };
    Ok(Compiled {
        bytes: parts.join(),
        plan,
    })
}

/// The thresholds of each feature, ascending and distinct.
fn distinct_thresholds(trees: &[Tree], features: usize) -> Vec<Vec<f64>> {
    let mut thresholds = vec![Vec::new(); features];
    for node in trees.iter().flat_map(|tree| &tree.nodes) {
        if let Node::Split {
            feature, threshold, ..
        } = *node
        {
            thresholds[feature].push(threshold);
        }
    }
    for values in &mut thresholds {
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
    }
    thresholds
}

/// The nodes of all trees in words, and the values of their leaves.
struct Nodes {
    bits: u32,
    packing: Packing,
    words: Vec<u32>,
    values: Vec<f64>,
    begins: Vec<Begin>,
}

impl Nodes {
    /// Lays out the nodes in the narrowest words that fit.
    fn new(trees: &[BinnedTree], bins: &[u32]) -> Result<Self, CompileError> {
        let mut begins = vec![Begin::default()];
        let (mut node, mut value) = (0, 0);
        for tree in trees {
            node += tree.nodes.len();
            value += tree.values.len();
            limit("nodes", node, MAX_NODES)?;
            begins.push(Begin {
                node: node as u32,
                value: value as u32,
            });
        }
        let max = |counts: &mut dyn Iterator<Item = usize>| counts.max().unwrap_or(1);
        let nodes = max(&mut trees.iter().map(|tree| tree.nodes.len()));
        let values = max(&mut trees.iter().map(|tree| tree.values.len()));
        let max_bins = max(&mut bins.iter().map(|&bins| bins as usize));
        let fitting = |bits| Packing::new(bits, bins.len(), nodes, max_bins, values);
        let placed: Vec<_> = trees.iter().map(|tree| lay_out(&tree.nodes)).collect();
        let placed = placed.iter();
        let (bits, packing, words) = if let Some(packing) = fitting(u32::BITS) {
            let words = placed.flat_map(|tree| words::<u32>(tree, packing));
            (u32::BITS, packing, words.collect())
        } else if let Some(packing) = fitting(u64::BITS) {
            let words = placed.flat_map(|tree| words::<u64>(tree, packing));
            let words: Vec<u64> = words.collect();
            (u64::BITS, packing, bytemuck::cast_slice(&words).to_vec())
        } else {
            return Err(CompileError::TooMany {
                what: "nodes of a tree",
                count: nodes,
                limit: MAX_NODES,
            });
        };
        Ok(Self {
            bits,
            packing,
            words,
            values: trees
                .iter()
                .flat_map(|tree| &tree.values)
                .copied()
                .collect(),
            begins,
        })
    }
}
