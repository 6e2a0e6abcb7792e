//! Problems of request bodies.

use canopy_api::FieldProblem;

/// The problems found in a body: the first ones in full, the rest only counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    listed: Vec<FieldProblem>,
    count: usize,
}

impl Problems {
    /// Maximum number of problems that are listed, which keeps responses small.
    pub const MAX_LISTED: usize = 100;

    /// Adds a problem with a field, in the record at index `row` if there are several.
    pub fn push(&mut self, row: Option<usize>, field: &str, problem: impl Into<String>) {
        self.count += 1;
        if self.listed.len() < Self::MAX_LISTED {
            self.listed.push(FieldProblem {
                field: field.to_owned(),
                problem: problem.into(),
                row,
            });
        }
    }

    /// The problems that are listed.
    #[must_use]
    pub fn listed(&self) -> &[FieldProblem] {
        &self.listed
    }

    /// Total number of problems, listed or not.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns `value` if there are no problems.
    ///
    /// # Errors
    ///
    /// If there are problems.
    pub fn or<T>(self, value: T) -> Result<T, InvalidBody> {
        if self.count == 0 {
            Ok(value)
        } else {
            Err(InvalidBody::Fields(self))
        }
    }
}

/// Why a body was rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBody {
    /// The body is not valid in its format.
    #[error("{0}")]
    Malformed(String),
    /// The body is valid in its format, but not the expected kind of value.
    #[error("{0}")]
    Shape(String),
    /// The body has too many records; holds the limit.
    #[error("the body has more than {0} records; split it into several requests")]
    TooMany(usize),
    /// Fields are missing or have unusable values.
    #[error("{} of the fields cannot be used", .0.count())]
    Fields(Problems),
}
