use serde::{Deserialize, Serialize};

use crate::method::Method;

/// Drift of one column: the distance of the current sample from the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnDrift {
    /// Name of the column.
    pub column: String,
    /// Method of comparison.
    pub method: Method,
    /// The p-value or distance, always finite; `None` where the method is
    /// undefined, as for an empty sample.
    pub score: Option<f64>,
    /// Standard error of the score, where it comes from random permutations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_error: Option<f64>,
    /// The threshold that the score was compared with.
    pub threshold: f64,
    /// Whether the score indicates drift; `false` without a score.
    pub drifted: bool,
}
