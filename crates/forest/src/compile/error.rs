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

/// An error if there are more than `limit` of something.
pub(super) fn limit(what: &'static str, count: usize, limit: usize) -> Result<(), CompileError> {
    if count > limit {
        return Err(CompileError::TooMany { what, count, limit });
    }
    Ok(())
}
