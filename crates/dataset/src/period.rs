use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use thiserror::Error;

/// A period of whole days, both ends included, written `2011-01-01..2011-01-31`.
///
/// ```
/// use canopy_dataset::Period;
///
/// let january: Period = "2011-01-01..2011-01-31".parse()?;
/// assert_eq!(january.to_string(), "2011-01-01..2011-01-31");
/// # Ok::<(), canopy_dataset::InvalidPeriod>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day; not before the first.
    pub until: Date,
}

/// A text that is not a [`Period`]; holds the text.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("expected a period such as 2011-01-01..2011-01-31, found {0:?}")]
pub struct InvalidPeriod(pub String);

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        text.split_once("..")
            .and_then(|(from, until)| {
                Some(Self {
                    from: from.parse().ok()?,
                    until: until.parse().ok()?,
                })
            })
            .filter(|period| period.from <= period.until)
            .ok_or_else(|| InvalidPeriod(text.into()))
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
    fn anything_but_two_days_in_order_is_invalid() {
        for text in [
            "",
            "2011-01-01",
            "2011-01-31..2011-01-01",
            "2011-02-30..2011-03-01",
        ] {
            assert_eq!(text.parse::<Period>(), Err(InvalidPeriod(text.into())));
        }
        assert!("2011-01-01..2011-01-01".parse::<Period>().is_ok());
    }
}
