//! From trees to the flat layout.

mod binned;
mod cells;
mod check;
mod masks;
mod nodes;
mod plan;

use crate::bins::{PADDING, scale};
use crate::compile::binned::BinnedTree;
use crate::compile::masks::MaskTable;
use crate::compile::nodes::NodeTable;
use crate::layout::{Header, PackedNode, Parts};
use crate::tree::{Aggregation, Node, Tree};

pub(crate) use check::is_class;
pub use plan::{Form, Plan};

/// Why trees cannot be compiled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompileError {
    /// The forest is empty.
    #[error("a forest needs at least one tree, and a tree at least one node")]
    Empty,
    /// More than the layout can count.
    #[error("{count} {what} are more than the {limit} that a forest can hold")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A node refers to a feature or node that is not there, splits on NaN, or names no class.
    #[error("node {node} of tree {tree} is not valid: {reason}")]
    Node {
        /// Position of the tree.
        tree: usize,
        /// Position of the node in the tree.
        node: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// A compiled forest.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// What [`crate::Forest::read`] takes.
    pub bytes: Vec<u8>,
    /// What was chosen for it.
    pub plan: Plan,
}

/// Compiles trees over rows of `features` values. `sample` holds typical rows, such as those of
/// the training (row-major, rows × features): rows like them will be predicted fastest, and any
/// others exactly too. Without any, no cells are made.
///
/// # Errors
///
/// If the trees are not well-formed or exceed what the layout can count.
pub fn compile(
    trees: &[Tree],
    features: usize,
    aggregation: Aggregation,
    sample: &[f64],
) -> Result<Compiled, CompileError> {
    check::check(trees, features, aggregation)?;
    let thresholds = distinct_thresholds(trees, features);
    for values in &thresholds {
        limit(
            "thresholds of a feature",
            values.len(),
            PackedNode::MAX_BIN as usize,
        )?;
    }
    let values = distinct_leaves(trees);
    limit("distinct leaves", values.len(), PackedNode::MAX_VALUES)?;
    let trees: Vec<_> = trees
        .iter()
        .map(|tree| BinnedTree::new(tree, &thresholds, &values))
        .collect();
    let bins: Vec<u32> = thresholds
        .iter()
        .map(|values| values.len() as u32 + 1)
        .collect();

    let (plan, cells) = plan::choose(&trees, &thresholds, sample);
    let mut nodes = NodeTable::default();
    let mut roots: Vec<u32> = trees.iter().map(|tree| nodes.add(tree)).collect();
    let none = match aggregation {
        Aggregation::Mean => 0.0,
        Aggregation::Vote { classes } => f64::from(classes),
    };
    let mut masks = MaskTable::new(&values, &bins, none);
    for fixed in cells.fixed(features) {
        let trees = trees.iter().map(|tree| tree.fixed(&fixed));
        match plan.form {
            Form::Walk => roots.extend(trees.map(|tree| nodes.add(&tree))),
            Form::Masks => masks.add(&trees.collect::<Vec<_>>()),
        }
    }
    masks.finish();
    limit("nodes", nodes.nodes.len(), PackedNode::MAX_NODES)?;
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
        values: values.len() as u32,
        leaves: masks.leaves.len() as u32,
        nodes: nodes.nodes.len() as u32,
        masks: masks.masks.len() as u32,
        axes: axes.len() as u32,
        table: table.len() as u32,
        walked: (roots.len() / trees.len()) as u32 - 1,
        cells: masks.cells.len() as u32,
        columns: masks.columns.len() as u32,
        places: masks.places.len() as u32,
        starts: masks.starts.len() as u32,
        buckets: buckets.len() as u32,
    };
    let parts = Parts {
        header: &header,
        thresholds: &padded,
        values: &values,
        leaves: &masks.leaves,
        nodes: &nodes.nodes,
        masks: &masks.masks,
        scales: &scales,
        buckets: &buckets,
        axes: &axes,
        table: &table,
        roots: &roots,
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

/// The thresholds that each feature is compared with, ascending and distinct.
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

/// The values of all leaves, distinct by their bits and in ascending order of them.
fn distinct_leaves(trees: &[Tree]) -> Vec<f64> {
    let nodes = trees.iter().flat_map(|tree| &tree.nodes);
    let mut values: Vec<f64> = nodes
        .filter_map(|node| match *node {
            Node::Leaf(value) => Some(value),
            Node::Split { .. } => None,
        })
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    values.dedup_by_key(|value| value.to_bits());
    values
}

fn limit(what: &'static str, count: usize, limit: usize) -> Result<(), CompileError> {
    if count > limit {
        return Err(CompileError::TooMany { what, count, limit });
    }
    Ok(())
}
