use serde::Serialize;

use crate::method::Method;

/// How far one column of the current sample is from its reference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnDrift {
    /// Name of the column.
    pub column: String,
    /// How it was measured.
    pub method: Method,
    /// The p-value or distance, always finite; `None` where the method defines
    /// none, as for an empty sample.
    pub score: Option<f64>,
    /// What the score was held against.
    pub threshold: f64,
    /// Whether the score means drift; never without a score.
    pub drifted: bool,
}
