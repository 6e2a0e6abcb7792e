use std::fmt;

use serde::{Deserialize, Serialize};

/// Kind of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Quantities: their order and distance have a meaning.
    Numerical,
    /// Labels: two values are equal or different, without order.
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
