use std::ops::RangeInclusive;

use jiff::civil::Date;
use polars::prelude::*;

use crate::day::day_number;
use crate::schema::ColumnKind;

/// The values of a column read so far.
pub(crate) enum ColumnBuilder {
    Number(RangeInclusive<f64>, Vec<f64>),
    Integer(RangeInclusive<i64>, Vec<i64>),
    Date(Vec<i32>),
    Text(Vec<String>),
}

impl ColumnBuilder {
    pub(crate) fn new(kind: &ColumnKind) -> Self {
        match kind {
            ColumnKind::Number(range) => Self::Number(range.clone(), Vec::new()),
            ColumnKind::Integer(range) => Self::Integer(range.clone(), Vec::new()),
            ColumnKind::Date => Self::Date(Vec::new()),
            ColumnKind::Text => Self::Text(Vec::new()),
        }
    }

    /// Parses and adds one value; the error says what the column expects instead.
    pub(crate) fn push(&mut self, text: &str) -> Result<(), String> {
        match self {
            Self::Number(range, values) => match text.parse() {
                Ok(value) if range.contains(&value) => values.push(value),
                _ => return Err(number_within(range)),
            },
            Self::Integer(range, values) => match text.parse() {
                Ok(value) if range.contains(&value) => values.push(value),
                _ => return Err(integer_within(range)),
            },
            Self::Date(values) => match text.parse::<Date>() {
                // The parser also accepts times and the basic format, as in 20110131.
                Ok(date) if date.to_string() == text => values.push(day_number(date)),
                _ => return Err("a date such as 2011-01-31".into()),
            },
            Self::Text(values) => values.push(text.into()),
        }
        Ok(())
    }

    /// The finished column.
    pub(crate) fn finish(self, name: &str) -> PolarsResult<Column> {
        let name = name.into();
        match self {
            Self::Number(_, values) => Ok(Column::new(name, values)),
            Self::Integer(_, values) => Ok(Column::new(name, values)),
            Self::Date(values) => Column::new(name, values).cast(&DataType::Date),
            Self::Text(values) => Ok(Column::new(name, values)),
        }
    }
}

fn number_within(range: &RangeInclusive<f64>) -> String {
    match (*range.start(), *range.end()) {
        (f64::MIN, f64::MAX) => "a finite number".into(),
        (least, most) => format!("a number from {least} to {most}"),
    }
}

fn integer_within(range: &RangeInclusive<i64>) -> String {
    match (*range.start(), *range.end()) {
        (i64::MIN, i64::MAX) => "a whole number".into(),
        (least, i64::MAX) => format!("a whole number of at least {least}"),
        (least, most) => format!("a whole number from {least} to {most}"),
    }
}
