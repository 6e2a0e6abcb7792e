//! Trees as training libraries produce them.

/// A binary decision tree; its root is node 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// Nodes in any order, as long as each child has a larger index than its parent.
    pub nodes: Vec<Node>,
}

impl Tree {
    /// The value of the leaf that a row reaches: what every compiled form must predict, bit for
    /// bit.
    ///
    /// # Panics
    ///
    /// If a node's child or feature is out of range, as [`compile`](crate::compile) would report.
    #[must_use]
    pub fn predict(&self, row: &[f64]) -> f64 {
        let mut node = &self.nodes[0];
        loop {
            match *node {
                Node::Leaf(value) => return value,
                Node::Split {
                    feature,
                    threshold,
                    left,
                    right,
                } => {
                    let goes_left = row[feature] <= threshold;
                    node = &self.nodes[if goes_left { left } else { right }];
                }
            }
        }
    }
}

/// One node of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Node {
    /// Goes to `left` if the feature's value is at most `threshold`, otherwise (also for NaN) to
    /// `right`.
    Split {
        /// Position of the feature in a row.
        feature: usize,
        /// Largest value that goes left.
        threshold: f64,
        /// Index of the node for values up to the threshold.
        left: usize,
        /// Index of the node for larger values and NaN.
        right: usize,
    },
    /// Ends the walk with a value: a number, or the index of a class.
    Leaf(f64),
}

/// How the leaves that a row reaches are combined into the forest's prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    /// Arithmetic mean of the leaves, added in tree order: one value per row.
    Mean,
    /// For each class, the share of trees that vote for it: `classes` values per row.
    Vote {
        /// Number of classes; every leaf is an integer below it.
        classes: u32,
    },
}

impl Aggregation {
    /// Number of predicted values per row.
    #[must_use]
    pub fn outputs(self) -> usize {
        match self {
            Self::Mean => 1,
            Self::Vote { classes } => classes as usize,
        }
    }
}

/// Whether a leaf's value is a valid class index.
pub(crate) fn is_class(value: f64, classes: u32) -> bool {
    value.fract() == 0.0 && (0.0..f64::from(classes)).contains(&value)
}
