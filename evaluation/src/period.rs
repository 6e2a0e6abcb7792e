use std::str::FromStr;

use canopy_dataset::{InvalidPeriod, Period};
use thiserror::Error;

/// A period with a name, written `week1_february=2011-01-29..2011-02-07`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct NamedPeriod {
    pub(crate) name: String,
    pub(crate) period: Period,
}

/// Why a text is not a named period.
#[derive(Debug, Error)]
pub(crate) enum NamedPeriodError {
    /// The name is missing.
    #[error("expected a name and a period such as march=2011-03-01..2011-03-31, found {0:?}")]
    NoName(String),
    /// The rest is not a period.
    #[error(transparent)]
    Period(#[from] InvalidPeriod),
}

impl FromStr for NamedPeriod {
    type Err = NamedPeriodError;

    fn from_str(text: &str) -> Result<Self, NamedPeriodError> {
        match text.split_once('=') {
            Some((name, period)) if !name.is_empty() => Ok(Self {
                name: name.into(),
                period: period.parse()?,
            }),
            _ => Err(NamedPeriodError::NoName(text.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_period_is_a_name_and_two_days() {
        let march: NamedPeriod = "march=2011-03-01..2011-03-31".parse().unwrap();
        assert_eq!(march.name, "march");
        assert_eq!(march.period, "2011-03-01..2011-03-31".parse().unwrap());
        for text in [
            "march",
            "=2011-03-01..2011-03-31",
            "march=",
            "march=2011-03",
        ] {
            assert!(text.parse::<NamedPeriod>().is_err(), "{text}");
        }
    }
}
