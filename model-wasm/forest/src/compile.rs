//! From trees to the flat layout.

use std::collections::VecDeque;

use crate::layout::{Header, PackedNode};
use crate::tree::{Aggregation, Node, Tree};

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

/// Compiles trees over rows of `features` values to bytes that [`crate::Forest::read`] takes.
///
/// # Errors
///
/// If the trees are not well-formed or exceed what the layout can count.
pub fn compile(
    trees: &[Tree],
    features: usize,
    aggregation: Aggregation,
) -> Result<Vec<u8>, CompileError> {
    check(trees, features, aggregation)?;
    let thresholds = distinct_thresholds(trees, features);
    let mut offsets = vec![0_u32];
    for values in &thresholds {
        limit(
            "thresholds of a feature",
            values.len(),
            PackedNode::MAX_BIN as usize,
        )?;
        offsets.push(offsets[offsets.len() - 1] + values.len() as u32);
    }

    let mut nodes = Vec::new();
    let mut values = Vec::new();
    let mut roots = Vec::new();
    for tree in trees {
        roots.push(nodes.len() as u32);
        lay_out(tree, &thresholds, &mut nodes, &mut values);
    }

    let header = Header {
        features: features as u32,
        trees: trees.len() as u32,
        classes: match aggregation {
            Aggregation::Mean => 0,
            Aggregation::Vote { classes } => classes,
        },
        nodes: nodes.len() as u32,
        thresholds: offsets[features],
        reserved: 0,
    };
    let padding = vec![0_u32; (offsets.len() + roots.len()) % 2];
    let mut bytes = Vec::new();
    bytes.extend_from_slice(bytemuck::bytes_of(&header));
    bytes.extend_from_slice(bytemuck::cast_slice(&offsets));
    bytes.extend_from_slice(bytemuck::cast_slice(&roots));
    bytes.extend_from_slice(bytemuck::cast_slice(&padding));
    bytes.extend_from_slice(bytemuck::cast_slice(&thresholds.concat()));
    bytes.extend_from_slice(bytemuck::cast_slice(&nodes));
    bytes.extend_from_slice(bytemuck::cast_slice(&values));
    Ok(bytes)
}

/// Appends a tree breadth first, children of a node side by side.
fn lay_out(
    tree: &Tree,
    thresholds: &[Vec<f64>],
    nodes: &mut Vec<PackedNode>,
    values: &mut Vec<f64>,
) {
    let mut waiting = VecDeque::from([(0, nodes.len())]);
    nodes.push(PackedNode::leaf(0));
    values.push(0.0);
    while let Some((source, place)) = waiting.pop_front() {
        match tree.nodes[source] {
            Node::Leaf(value) => {
                nodes[place] = PackedNode::leaf(place as u32);
                values[place] = value;
            }
            Node::Split {
                feature,
                threshold,
                left,
                right,
            } => {
                let bin = thresholds[feature].partition_point(|&other| other < threshold);
                let children = nodes.len();
                nodes[place] = PackedNode::split(feature as u32, bin as u32, children as u32);
                nodes.extend([PackedNode::leaf(0); 2]);
                values.extend([0.0; 2]);
                waiting.extend([(left, children), (right, children + 1)]);
            }
        }
    }
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

fn check(trees: &[Tree], features: usize, aggregation: Aggregation) -> Result<(), CompileError> {
    if trees.is_empty() || trees.iter().any(|tree| tree.nodes.is_empty()) {
        return Err(CompileError::Empty);
    }
    limit("features", features, PackedNode::MAX_FEATURES)?;
    let nodes = trees.iter().map(|tree| tree.nodes.len()).sum();
    limit("nodes", nodes, PackedNode::MAX_NODES)?;
    for (index, tree) in trees.iter().enumerate() {
        for (node, &content) in tree.nodes.iter().enumerate() {
            if let Some(reason) = fault(content, node, tree.nodes.len(), features, aggregation) {
                return Err(CompileError::Node {
                    tree: index,
                    node,
                    reason,
                });
            }
        }
    }
    Ok(())
}

fn fault(
    content: Node,
    node: usize,
    nodes: usize,
    features: usize,
    aggregation: Aggregation,
) -> Option<&'static str> {
    match content {
        Node::Split { feature, .. } if feature >= features => Some("it splits on no feature"),
        Node::Split { threshold, .. } if threshold.is_nan() => Some("its threshold is NaN"),
        Node::Split { left, right, .. } if left <= node || right <= node => {
            Some("a child comes before it")
        }
        Node::Split { left, right, .. } if left >= nodes || right >= nodes => {
            Some("a child does not exist")
        }
        Node::Leaf(value) => match aggregation {
            Aggregation::Vote { classes } if !is_class(value, classes) => {
                Some("its value is no class")
            }
            _ => None,
        },
        Node::Split { .. } => None,
    }
}

/// Whether a leaf's value is the position of one of the classes.
pub(crate) fn is_class(value: f64, classes: u32) -> bool {
    value.fract() == 0.0 && (0.0..f64::from(classes)).contains(&value)
}

fn limit(what: &'static str, count: usize, limit: usize) -> Result<(), CompileError> {
    if count > limit {
        return Err(CompileError::TooMany { what, count, limit });
    }
    Ok(())
}
