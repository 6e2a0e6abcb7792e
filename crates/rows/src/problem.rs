//! What is wrong with a body.

use canopy_api::FieldProblem;

/// The problems of a body: the first ones in full, the rest as a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    listed: Vec<FieldProblem>,
    count: usize,
}

impl Problems {
    /// Number of problems that are listed; a client does not read more, and an answer stays small.
    pub const MOST_LISTED: usize = 100;

    /// Notes a problem.
    pub fn push(&mut self, row: Option<usize>, field: &str, problem: impl Into<String>) {
        self.count += 1;
        if self.listed.len() < Self::MOST_LISTED {
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

    /// Number of problems, listed or not.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// `value` if there are no problems.
    ///
    /// # Errors
    ///
    /// If there are.
    pub fn or<T>(self, value: T) -> Result<T, InvalidBody> {
        if self.count == 0 {
            Ok(value)
        } else {
            Err(InvalidBody::Fields(self))
        }
    }
}

/// Why a body was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBody {
    /// It is not in the format that it is said to be in.
    #[error("{0}")]
    Malformed(String),
    /// It is in the right format but not of the right shape.
    #[error("{0}")]
    Shape(String),
    /// It has more records than are taken at a time; how many that is.
    #[error("the body has more than {0} records; send them in several parts")]
    TooMany(usize),
    /// Fields are missing or have values that cannot be used.
    #[error("{} of the fields cannot be used", .0.count())]
    Fields(Problems),
}
