//! Parses records in CSV with a header line.

use canopy_runtime::Rows;

use super::memory::of_separated;
use super::number::{MISSING, from_csv};
use super::problem::{InvalidBody, Problems};
use super::schema::Schema;

/// Parses at most `limit` records into one row per record. Columns may be in any order; those
/// that the model does not use are ignored.
///
/// # Errors
///
/// If the header lacks a feature, the number of fields in a line differs from the header, a
/// value is not a finite number, or there are too many records.
pub fn records(body: &[u8], schema: &Schema, limit: usize) -> Result<Rows, InvalidBody> {
    let mut reader = csv::Reader::from_reader(body);
    let header = reader.byte_headers().map_err(|e| malformed(&e))?;
    let columns = columns(header, schema)?;
    let width = schema.width();
    let mut values = Vec::new();
    let mut problems = Problems::default();
    let mut record = csv::ByteRecord::new();
    for row in 0.. {
        if !reader
            .read_byte_record(&mut record)
            .map_err(|e| malformed(&e))?
        {
            break;
        }
        if row == limit {
            return Err(InvalidBody::TooMany(limit));
        }
        let start = values.len();
        values.resize(start + width, 0.0);
        for (field, position) in record.iter().zip(&columns) {
            let Some(position) = *position else { continue };
            match from_csv(field) {
                Ok(value) => values[start + position] = value,
                Err(problem) => problems.push(Some(row), schema.name(position), problem),
            }
        }
    }
    problems.or(())?;
    Ok(Rows::new(values, width))
}

/// Maximum memory for parsing a body, in bytes, without the body.
#[must_use]
pub fn memory(body: &[u8]) -> u64 {
    of_separated(body)
}

/// Maps each column to its position in a row; every feature must occur exactly once.
fn columns(header: &csv::ByteRecord, schema: &Schema) -> Result<Vec<Option<usize>>, InvalidBody> {
    let mut problems = Problems::default();
    let mut seen = vec![false; schema.width()];
    let columns = header
        .iter()
        .map(|name| {
            let name = std::str::from_utf8(name).ok()?.trim();
            let position = schema.position(name, 0).filter(|&p| p < schema.width())?;
            if std::mem::replace(&mut seen[position], true) {
                problems.push(None, name, "occurs more than once");
            }
            Some(position)
        })
        .collect();
    for (name, _) in schema
        .features()
        .iter()
        .zip(&seen)
        .filter(|(_, seen)| !**seen)
    {
        problems.push(None, name, MISSING);
    }
    problems.or(columns)
}

fn malformed(error: &csv::Error) -> InvalidBody {
    InvalidBody::Malformed(format!("the body is not valid CSV: {error}"))
}
