use std::fmt;

use serde::Deserialize;

/// Number of field errors that are shown.
const SHOWN: usize = 3;

/// Why the host rejected a request: an `application/problem+json` document (RFC 9457).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    title: String,
    detail: String,
    errors: Vec<FieldError>,
}

#[derive(Debug, Deserialize)]
struct FieldError {
    field: String,
    problem: String,
}

impl Problem {
    /// Parses the body of an error response. Any other text becomes the detail, cut to 200
    /// characters.
    pub(crate) fn read(body: &str) -> Self {
        serde_json::from_str(body).unwrap_or_else(|_| Self {
            detail: body.chars().take(200).collect(),
            ..Self::default()
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = if self.detail.is_empty() {
            &self.title
        } else {
            &self.detail
        };
        write!(f, "{summary}")?;
        for (number, error) in self.errors.iter().take(SHOWN).enumerate() {
            let before = if number == 0 { " (" } else { ", " };
            write!(f, "{before}{}: {}", error.field, error.problem)?;
        }
        match self.errors.len() {
            0 => Ok(()),
            1..=SHOWN => write!(f, ")"),
            all => write!(f, ", and {} more)", all - SHOWN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_shows_its_detail_and_the_first_errors() {
        let error = |row| format!(r#"{{"field": "data[{row}].temp", "problem": "is missing"}}"#);
        let body = |rows: usize| {
            let errors = (0..rows).map(error).collect::<Vec<_>>().join(",");
            format!(
                r#"{{"title": "T", "status": 422, "detail": "bad rows", "errors": [{errors}]}}"#
            )
        };
        let shown = |rows| Problem::read(&body(rows)).to_string();
        assert_eq!(shown(0), "bad rows");
        assert_eq!(shown(1), "bad rows (data[0].temp: is missing)");
        assert_eq!(
            shown(5),
            "bad rows (data[0].temp: is missing, data[1].temp: is missing, \
             data[2].temp: is missing, and 2 more)"
        );
    }

    #[test]
    fn other_error_bodies_are_shown_as_they_are() {
        assert_eq!(Problem::read("Bad Gateway").to_string(), "Bad Gateway");
        assert_eq!(
            Problem::read(r#"{"title": "Too busy"}"#).to_string(),
            "Too busy"
        );
    }
}
