use polars::prelude::*;
use sha2::{Digest, Sha256};

use crate::error::DatasetError;

/// SHA-256 of the names, types and values of all columns, in lower-case hexadecimal.
///
/// Depends on the content alone: the order of columns and rows matters, platform and origin of the
/// frame do not. To cover only some columns, select them first.
///
/// # Errors
///
/// [`DatasetError::NoDigest`] if a column is not `f64`, `i64`, date or text.
pub fn digest(frame: &DataFrame) -> Result<String, DatasetError> {
    let mut hash = Sha256::new();
    hash.update(length(frame.height()));
    for column in frame.columns() {
        hash.update(length(column.name().len()));
        hash.update(column.name().as_str());
        match column.dtype() {
            DataType::Float64 => {
                hash.update(b"f64");
                values(&mut hash, column.f64()?.iter(), f64::to_le_bytes);
            }
            DataType::Int64 => {
                hash.update(b"i64");
                values(&mut hash, column.i64()?.iter(), i64::to_le_bytes);
            }
            DataType::Date => {
                hash.update(b"day");
                values(
                    &mut hash,
                    column.date()?.physical().iter(),
                    i32::to_le_bytes,
                );
            }
            DataType::String => {
                hash.update(b"str");
                for text in column.str()?.iter() {
                    hash.update([u8::from(text.is_some())]);
                    let text = text.unwrap_or_default();
                    hash.update(length(text.len()));
                    hash.update(text);
                }
            }
            kind => {
                return Err(DatasetError::NoDigest {
                    column: column.name().to_string(),
                    kind: kind.clone(),
                });
            }
        }
    }
    Ok(format!("{:x}", hash.finalize()))
}

/// Hashes each value as little-endian bytes after a byte that is 1, or 0 if it is missing.
fn values<T: Default, const N: usize>(
    hash: &mut Sha256,
    values: impl Iterator<Item = Option<T>>,
    bytes: fn(T) -> [u8; N],
) {
    for value in values {
        hash.update([u8::from(value.is_some())]);
        hash.update(bytes(value.unwrap_or_default()));
    }
}

fn length(length: usize) -> [u8; 8] {
    (length as u64).to_le_bytes()
}
