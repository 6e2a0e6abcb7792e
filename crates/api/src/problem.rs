//! Errors as `application/problem+json` (RFC 9457).

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Maximum number of field problems that [`Problem`]'s `Display` shows.
const SHOWN: usize = 3;

/// An error as answered to a client (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// URI of the problem type. Always `about:blank`: the status code identifies the type.
    #[serde(rename = "type", default)]
    #[schema(required)]
    pub kind: Cow<'static, str>,
    /// The reason phrase of the status, such as `Not Found`.
    #[serde(default)]
    #[schema(required)]
    pub title: Cow<'static, str>,
    /// HTTP status code.
    #[serde(default)]
    #[schema(required)]
    pub status: u16,
    /// What is wrong, and how to correct it.
    #[serde(default)]
    #[schema(required)]
    pub detail: String,
    /// Problems with single fields; empty if the problem is not about fields.
    #[serde(default)]
    #[schema(required)]
    pub errors: Vec<FieldProblem>,
}

/// A problem with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// Name of the field.
    pub field: String,
    /// What is wrong with the field, such as `is missing`.
    pub problem: String,
    /// Index of the record, from 0, if there can be several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub row: Option<usize>,
}

impl Display for Problem {
    /// Writes the detail, or the title if it is empty, and the first field problems.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = if self.detail.is_empty() {
            &*self.title
        } else {
            &self.detail
        };
        f.write_str(summary)?;
        for (number, error) in self.errors.iter().take(SHOWN).enumerate() {
            let before = if number == 0 { " (" } else { ", " };
            write!(f, "{before}{}: {}", error.field, error.problem)?;
        }
        match self.errors.len() {
            0 => Ok(()),
            1..=SHOWN => f.write_str(")"),
            all => write!(f, ", and {} more)", all - SHOWN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_its_detail_and_the_first_field_problems() {
        let shown = |rows: usize| {
            let error = |row| FieldProblem {
                field: format!("data[{row}].temp"),
                problem: "is missing".into(),
                row: None,
            };
            let problem = Problem {
                detail: "bad rows".into(),
                errors: (0..rows).map(error).collect(),
                ..Problem::default()
            };
            problem.to_string()
        };
        assert_eq!(shown(0), "bad rows");
        assert_eq!(shown(1), "bad rows (data[0].temp: is missing)");
        assert_eq!(
            shown(5),
            "bad rows (data[0].temp: is missing, data[1].temp: is missing, \
             data[2].temp: is missing, and 2 more)"
        );
    }

    #[test]
    fn fields_may_be_missing() {
        let problem: Problem = serde_json::from_str(r#"{"title": "Too busy"}"#).unwrap();
        assert_eq!(problem.to_string(), "Too busy");
    }
}
