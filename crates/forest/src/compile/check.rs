//! Validation of trees.

use crate::compile::error::{CompileError, limit};
use crate::tree::{Aggregation, Node, Tree, is_class};

/// Maximum number of features.
const MAX_FEATURES: usize = 1 << 16;

/// Checks that trees are well-formed.
pub(super) fn check(
    trees: &[Tree],
    features: usize,
    aggregation: Aggregation,
) -> Result<(), CompileError> {
    if trees.is_empty() || trees.iter().any(|tree| tree.nodes.is_empty()) {
        return Err(CompileError::Empty);
    }
    limit("features", features, MAX_FEATURES)?;
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
        Node::Split { feature, .. } if feature >= features => Some("its feature does not exist"),
        Node::Split { threshold, .. } if threshold.is_nan() => Some("its threshold is NaN"),
        Node::Split { left, right, .. } if left <= node || right <= node => {
            Some("a child does not come after it")
        }
        Node::Split { left, right, .. } if left >= nodes || right >= nodes => {
            Some("a child does not exist")
        }
        Node::Leaf(value) => match aggregation {
            Aggregation::Vote { classes } if !is_class(value, classes) => {
                Some("its value is not a class")
            }
            _ => None,
        },
        Node::Split { .. } => None,
    }
}
