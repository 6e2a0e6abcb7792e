use std::io::Read;

use flate2::read::GzDecoder;
use polars::prelude::DataFrame;

use crate::bike;
use crate::error::DatasetError;
use crate::reader::read_table;

/// The rows of 2011; see `data/ORIGIN.md`.
static TABLE: &[u8] = include_bytes!("../data/hour-2011.csv.gz");

/// Reads the table that is embedded in the library.
pub(crate) fn embedded() -> Result<DataFrame, DatasetError> {
    let file = "the embedded table";
    let mut text = Vec::new();
    GzDecoder::new(TABLE)
        .read_to_end(&mut text)
        .map_err(|source| DatasetError::Read {
            file: file.into(),
            source,
        })?;
    read_table(&text, file, &bike::schema())
}
