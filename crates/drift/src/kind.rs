use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Kind of a column's values: quantities, whose order and distance have a meaning, or labels of
/// categories, which are equal or different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ColumnKind)]
pub enum Kind {
    /// Quantities.
    Numerical,
    /// Labels of categories.
    Categorical,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Numerical => "numerical",
            Self::Categorical => "categorical",
        })
    }
}
