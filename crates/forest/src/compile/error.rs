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
        /// The count.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// A node refers to a feature or node that does not exist, splits on NaN, or is not a class.
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

/// An error if there are more than `limit` of something.
pub(super) fn limit(what: &'static str, count: usize, limit: usize) -> Result<(), CompileError> {
    if count > limit {
        return Err(CompileError::TooMany { what, count, limit });
    }
    Ok(())
}
