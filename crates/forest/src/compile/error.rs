/// Why trees cannot be compiled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompileError {
    /// The forest is empty.
    #[error("a forest needs at least one tree, and a tree at least one node")]
    Empty,
    /// A count exceeds the limit of the layout.
    #[error("{count} {what} exceed the limit of {limit}")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// The actual count.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// A node refers to a missing feature or node, splits on NaN, or is not a valid class.
    #[error("node {node} of tree {tree} is not valid: {reason}")]
    Node {
        /// Index of the tree.
        tree: usize,
        /// Index of the node in the tree.
        node: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Fails if `count` exceeds `limit`.
pub(super) fn limit(what: &'static str, count: usize, limit: usize) -> Result<(), CompileError> {
    if count > limit {
        return Err(CompileError::TooMany { what, count, limit });
    }
    Ok(())
}
