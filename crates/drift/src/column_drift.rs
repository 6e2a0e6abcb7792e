use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::method::Method;

/// Drift of one column: the distance of the current sample from the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ColumnDrift {
    /// Name of the column.
    pub column: String,
    /// Method of comparison.
    pub method: Method,
    /// The p-value or distance, always finite; null if it is undefined, for example because a
    /// sample is empty.
    #[schema(required)]
    pub score: Option<f64>,
    /// Standard error of the score, where it comes from random permutations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub score_error: Option<f64>,
    /// The threshold that the score was compared with.
    pub threshold: f64,
    /// Whether the score indicates drift; `false` without a score.
    pub drifted: bool,
}
