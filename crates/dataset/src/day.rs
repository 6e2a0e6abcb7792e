use jiff::ToSpan;
use jiff::civil::{Date, date};

const EPOCH: Date = date(1970, 1, 1);

/// Days since 1970-01-01, as polars stores a date.
pub(crate) fn day_number(day: Date) -> i32 {
    // Both dates are within jiff's years -9999 to 9999, so the span is in days.
    (day - EPOCH).get_days()
}

/// The date of a day number; `None` outside jiff's years -9999 to 9999.
pub(crate) fn day_of(number: i32) -> Option<Date> {
    EPOCH.checked_add(i64::from(number).days()).ok()
}
