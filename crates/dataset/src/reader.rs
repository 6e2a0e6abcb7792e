use std::fs;
use std::path::Path;

use csv::{Position, StringRecord};
use polars::prelude::DataFrame;

use crate::column::ColumnBuilder;
use crate::error::DatasetError;
use crate::schema::Schema;

/// Reads a CSV file (comma-separated, UTF-8, with a header line) by a schema.
///
/// # Errors
///
/// If the file cannot be read, has no rows, or deviates from the schema; the error names file, line
/// and column.
pub fn read_csv(path: &Path, schema: &Schema) -> Result<DataFrame, DatasetError> {
    let file = path.display().to_string();
    match fs::read(path) {
        Ok(text) => read_table(&text, &file, schema),
        Err(source) => Err(DatasetError::Read { file, source }),
    }
}

/// Reads CSV text; `file` is its name in errors.
pub(crate) fn read_table(
    text: &[u8],
    file: &str,
    schema: &Schema,
) -> Result<DataFrame, DatasetError> {
    let csv_error = |error: csv::Error| match error.kind() {
        csv::ErrorKind::Utf8 { pos, .. } => DatasetError::Encoding {
            file: file.into(),
            line: line_at(text, pos.as_ref()),
        },
        _ => DatasetError::Read {
            file: file.into(),
            source: error.into(),
        },
    };
    // Flexible, because the length of a line is checked below, where the error can name the column.
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let header = reader.headers().map_err(csv_error)?.clone();
    let places = locate(&header, file, schema)?;
    let mut builders: Vec<_> = schema
        .columns
        .iter()
        .map(|(_, kind)| ColumnBuilder::new(kind))
        .collect();

    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(csv_error)? {
        if record.len() != header.len() {
            let at = record.len().min(header.len() - 1);
            return Err(DatasetError::LineLength {
                file: file.into(),
                line: line_at(text, record.position()),
                column: header[at].into(),
                expected: header.len(),
                found: record.len(),
            });
        }
        for (builder, &place) in builders.iter_mut().zip(&places) {
            builder
                .push(&record[place])
                .map_err(|expected| DatasetError::Value {
                    file: file.into(),
                    line: line_at(text, record.position()),
                    column: header[place].into(),
                    expected,
                    found: record[place].into(),
                })?;
        }
    }

    let columns = schema.columns.iter().zip(builders);
    let frame = columns
        .map(|((name, _), builder)| builder.finish(name))
        .collect::<Result<Vec<_>, _>>()
        .and_then(DataFrame::new_infer_height)?;
    if frame.height() == 0 {
        return Err(DatasetError::Empty { file: file.into() });
    }
    Ok(frame)
}

/// The position in a line of each column of the schema.
fn locate(header: &StringRecord, file: &str, schema: &Schema) -> Result<Vec<usize>, DatasetError> {
    if header.is_empty() {
        return Err(DatasetError::Empty { file: file.into() });
    }
    let names = || schema.columns.iter().map(|(name, _)| name.as_str());
    if schema.exact && !header.iter().eq(names()) {
        return Err(DatasetError::Header {
            file: file.into(),
            expected: names().collect::<Vec<_>>().join(","),
            found: header.iter().collect::<Vec<_>>().join(","),
        });
    }
    names()
        .map(|name| {
            let mut places = (0..header.len()).filter(|&place| &header[place] == name);
            match (places.next(), places.next()) {
                (Some(place), None) => Ok(place),
                (_, second) => Err(DatasetError::Column {
                    file: file.into(),
                    column: name.into(),
                    problem: if second.is_some() {
                        "occurs more than once"
                    } else {
                        "is missing"
                    },
                }),
            }
        })
        .collect()
}

/// The line of a record, from 1. The reader's own count is one less where lines end in CR LF, since
/// it counts the LF to the next record.
fn line_at(text: &[u8], position: Option<&Position>) -> u64 {
    let start = position.map_or(0, Position::byte) as usize;
    let breaks = text[start..]
        .iter()
        .take_while(|&byte| matches!(byte, b'\r' | b'\n'));
    let before = &text[..start + breaks.count()];
    1 + before.iter().filter(|&&byte| byte == b'\n').count() as u64
}
