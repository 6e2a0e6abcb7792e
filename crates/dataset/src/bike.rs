//! The UCI bike-sharing table: one row per hour of 2011 and 2012, Washington, D.C.
//!
//! Fanaee-T and Gama (2013), <https://doi.org/10.24432/C5W894>, CC BY 4.0.

use jiff::civil::{Date, date};

use crate::schema::{ColumnKind, Schema};

/// URL of UCI's zip archive with `hour.csv`.
pub const ARCHIVE_URL: &str =
    "https://archive.ics.uci.edu/static/public/275/bike+sharing+dataset.zip";

/// Name of the column with the date.
pub const DATE: &str = "dteday";

/// Name of the column to predict: bikes rented in the hour.
pub const TARGET: &str = "cnt";

/// Names of the columns that are counted during the hour, and so unknown when predicting.
pub const COUNTS: [&str; 3] = ["casual", "registered", TARGET];

/// Number of rows of the published table.
pub(crate) const ROWS: usize = 17_379;

/// Last day of the embedded table.
pub(crate) const LAST_EMBEDDED_DAY: Date = date(2011, 12, 31);

/// UCI's columns in order, with the ranges that UCI documents.
pub fn schema() -> Schema {
    use ColumnKind::{Integer, Number};

    let columns = [
        ("instant", Integer(1..=i64::MAX)),
        (DATE, ColumnKind::Date),
        ("season", Integer(1..=4)),
        ("yr", Integer(0..=1)),
        ("mnth", Integer(1..=12)),
        ("hr", Integer(0..=23)),
        ("holiday", Integer(0..=1)),
        ("weekday", Integer(0..=6)),
        ("workingday", Integer(0..=1)),
        ("weathersit", Integer(1..=4)),
        ("temp", Number(0.0..=1.0)),
        ("atemp", Number(0.0..=1.0)),
        ("hum", Number(0.0..=1.0)),
        ("windspeed", Number(0.0..=1.0)),
        ("casual", Integer(0..=i64::MAX)),
        ("registered", Integer(0..=i64::MAX)),
        (TARGET, Integer(0..=i64::MAX)),
    ];
    Schema {
        columns: columns.map(|(name, kind)| (name.to_owned(), kind)).into(),
        exact: true,
    }
}
