use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::error::DatasetError;

/// Whole days, both ends included, written `2011-01-01..2011-01-31`.
///
/// ```
/// use canopy_dataset::Period;
///
/// let january: Period = "2011-01-01..2011-01-31".parse()?;
/// assert_eq!(january.to_string(), "2011-01-01..2011-01-31");
/// # Ok::<(), canopy_dataset::DatasetError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day, not before the first.
    pub until: Date,
}

impl FromStr for Period {
    type Err = DatasetError;

    fn from_str(text: &str) -> Result<Self, DatasetError> {
        text.split_once("..")
            .and_then(|(from, until)| {
                Some(Self {
                    from: from.parse().ok()?,
                    until: until.parse().ok()?,
                })
            })
            .filter(|period| period.from <= period.until)
            .ok_or_else(|| DatasetError::NotAPeriod { text: text.into() })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_two_days_in_order() {
        for text in [
            "",
            "2011-01-01",
            "2011-01-31..2011-01-01",
            "2011-02-30..2011-03-01",
        ] {
            let error = text.parse::<Period>().unwrap_err();
            assert!(matches!(error, DatasetError::NotAPeriod { .. }), "{text}");
        }
        assert!("2011-01-01..2011-01-01".parse::<Period>().is_ok());
    }
}
