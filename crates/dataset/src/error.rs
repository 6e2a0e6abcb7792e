use std::error::Error as StdError;
use std::io;
use std::iter;
use std::path::PathBuf;

use jiff::civil::Date;
use polars::prelude::{DataType, PolarsError};
use thiserror::Error;

use crate::bike::ARCHIVE_URL;
use crate::period::Period;

/// Why a table could not be loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The file could not be opened or read.
    #[error("cannot read {file}")]
    Read {
        /// The file.
        file: String,
        /// The cause.
        source: io::Error,
    },

    /// The file has no header or no rows.
    #[error("{file} has no rows")]
    Empty {
        /// The file.
        file: String,
    },

    /// A line is not UTF-8 text.
    #[error("{file} line {line}: not UTF-8 text")]
    Encoding {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
    },

    /// The header differs from the expected one.
    #[error("{file} line 1: expected the columns {expected}, found {found}")]
    Header {
        /// The file.
        file: String,
        /// The expected names, comma-separated.
        expected: String,
        /// The names found, comma-separated.
        found: String,
    },

    /// A column of the schema is missing or occurs more than once.
    #[error("{file} line 1: column {column} {problem}")]
    Column {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// What is wrong with it.
        problem: &'static str,
    },

    /// A line has too few or too many values.
    #[error(
        "{file} line {line}, column {column}: expected {expected} values in the line, found {found}"
    )]
    LineLength {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The first column without a value, or the last column there is.
        column: String,
        /// Number of columns.
        expected: usize,
        /// Number of values.
        found: usize,
    },

    /// A value is not of its column's kind.
    #[error("{file} line {line}, column {column}: expected {expected}, found {found:?}")]
    Value {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// What the column should hold.
        expected: String,
        /// The text found.
        found: String,
    },

    /// No row is within the period.
    #[error("no rows in {period}: the data covers {first} to {last}")]
    EmptyPeriod {
        /// The requested period.
        period: Period,
        /// First day with a row.
        first: Date,
        /// Last day with a row.
        last: Date,
    },

    /// The period needs the full table, which could not be loaded.
    #[error(
        "{period} needs the table of 2011 and 2012, but only 2011 is built in: \
         connect to the network, or download and unpack {ARCHIVE_URL} \
         and pass the table with --data hour.csv"
    )]
    NeedsFullTable {
        /// The requested period.
        period: Period,
        /// Why the download failed; `None` if it was not attempted.
        source: Option<Box<DatasetError>>,
    },

    /// The server was unreachable, responded with an error, or took too long.
    #[error("cannot download {url}")]
    Download {
        /// Address of the file.
        url: String,
        /// The cause of the last attempt's failure.
        source: reqwest::Error,
    },

    /// The connection failed during the download.
    #[error("the download of {url} was interrupted")]
    Interrupted {
        /// Address of the file.
        url: String,
        /// The cause of the last attempt's failure.
        source: io::Error,
    },

    /// The download is not a complete archive that contains `hour.csv`.
    #[error("{url} is not a zip archive that contains hour.csv")]
    Archive {
        /// Address of the archive.
        url: String,
        /// The cause.
        source: zip::result::ZipError,
    },

    /// The table is well-formed but has a different number of rows than the published one.
    #[error("{file}: expected {expected} rows, found {found}")]
    RowCount {
        /// The file.
        file: String,
        /// Rows of the published table.
        expected: usize,
        /// Rows found.
        found: usize,
    },

    /// The download could not be cached.
    #[error("cannot write {}", path.display())]
    Cache {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },

    /// A column's type is not one that this crate produces.
    #[error("column {column} has the type {kind}, for which no digest is defined")]
    NoDigest {
        /// The column.
        column: String,
        /// Its type.
        kind: DataType,
    },

    /// The frame lacks a column, or the column has another type.
    #[error(transparent)]
    Frame(#[from] PolarsError),
}

impl DatasetError {
    /// The error and its causes on one line.
    pub(crate) fn with_causes(&self) -> String {
        iter::successors(Some(self as &dyn StdError), |&error| error.source())
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": ")
    }
}
