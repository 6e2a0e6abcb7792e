use polars::prelude::*;

use crate::day::{day_number, day_of};
use crate::error::DatasetError;
use crate::period::Period;

/// The rows whose date in `date_column` is within the period, in the order of the frame.
///
/// # Errors
///
/// [`DatasetError::EmptyPeriod`] if there are none, with the first and last day of the frame;
/// [`DatasetError::Frame`] if the column is missing or does not hold dates.
pub fn slice(
    frame: &DataFrame,
    date_column: &str,
    period: Period,
) -> Result<DataFrame, DatasetError> {
    let days = frame.column(date_column)?.date()?.physical();
    let wanted = day_number(period.from)..=day_number(period.until);
    let mask: BooleanChunked = days
        .iter()
        .map(|day| day.is_some_and(|day| wanted.contains(&day)))
        .collect();
    let rows = frame.filter(&mask)?;
    let range = days.min().and_then(day_of).zip(days.max().and_then(day_of));
    match range {
        Some((first, last)) if rows.height() == 0 => Err(DatasetError::EmptyPeriod {
            period,
            first,
            last,
        }),
        _ => Ok(rows),
    }
}
