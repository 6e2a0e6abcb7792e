//! Whether trees are well-formed.

use crate::compile::error::{CompileError, limit};
use crate::tree::{Aggregation, Node, Tree, is_class};

/// Largest number of features.
const MOST_FEATURES: usize = 1 << 16;

/// Checks that trees can be compiled.
pub(super) fn check(
    trees: &[Tree],
    features: usize,
    aggregation: Aggregation,
) -> Result<(), CompileError> {
    if trees.is_empty() || trees.iter().any(|tree| tree.nodes.is_empty()) {
        return Err(CompileError::Empty);
    }
    limit("features", features, MOST_FEATURES)?;
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
