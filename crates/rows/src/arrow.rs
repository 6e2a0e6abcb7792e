//! Parses records in an Arrow IPC stream.

use std::io::Cursor;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::{Message, root_as_message};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use canopy_runtime::Rows;

use super::memory::GROWING;
use super::number::{MISSING, NOT_FINITE};
use super::problem::{InvalidBody, Problems};
use super::schema::Schema;

/// Marker before the length of a message, except in streams from before Arrow 0.15.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// Parses the record batches of a stream with at most `limit` records into one row per record.
///
/// Features may be of any integer type, or floating-point numbers of 32 or 64 bits. Columns that
/// the model does not use are ignored, whatever their type.
///
/// # Errors
///
/// If the stream is malformed or has too many records, lacks a feature, or a value is null or not
/// finite.
pub fn records(body: &[u8], schema: &Schema, limit: usize) -> Result<Rows, InvalidBody> {
    // arrow validates most of the metadata of a stream, but panics on some contradictions.
    std::panic::catch_unwind(|| read(body, schema, limit)).unwrap_or_else(|_| {
        let problem = "its metadata is inconsistent".to_owned();
        Err(malformed(&ArrowError::IpcError(problem)))
    })
}

/// Maximum memory for parsing a stream, in bytes, without the body.
#[must_use]
pub fn memory(body: &[u8], schema: &Schema) -> u64 {
    let mut rows = 0_u64;
    // What is malformed is rejected before anything is allocated.
    let _ = for_each_message(body, |message| {
        let batch = message.header_as_record_batch();
        let length = batch.and_then(|batch| u64::try_from(batch.length()).ok());
        rows = rows.saturating_add(length.unwrap_or(0));
    });
    let declared = rows.saturating_mul(schema.width() as u64);
    // The reader copies the body.
    GROWING * declared.min(body.len() as u64) + body.len() as u64
}

fn read(body: &[u8], schema: &Schema, limit: usize) -> Result<Rows, InvalidBody> {
    // arrow's reader would allocate and zero up to 64 MiB for a message that declares more bytes than
    // the body has.
    for_each_message(body, |_| ()).map_err(|e| malformed(&e))?;
    let reader = StreamReader::try_new(Cursor::new(body), None).map_err(|e| malformed(&e))?;
    let columns = columns(&reader.schema(), schema)?;
    let width = schema.width();
    let mut values = Vec::new();
    let mut problems = Problems::default();
    for batch in reader {
        let batch = batch.map_err(|e| malformed(&e))?;
        let start = values.len();
        // Every value takes at least a byte, unless the buffers of columns overlap.
        if start + batch.num_rows() * width > body.len() {
            let problem = "it declares more values than it has bytes".to_owned();
            return Err(malformed(&ArrowError::IpcError(problem)));
        }
        if batch.num_rows() > limit - start / width {
            return Err(InvalidBody::TooMany(limit));
        }
        values.resize(start + batch.num_rows() * width, 0.0);
        for (position, &column) in columns.iter().enumerate() {
            let first = start / width;
            let target = &mut values[start..];
            read_column(&batch, column, |row, value| match value {
                Some(value) if value.is_finite() => target[row * width + position] = value,
                Some(_) => problems.push(Some(first + row), schema.name(position), NOT_FINITE),
                None => problems.push(Some(first + row), schema.name(position), "is null"),
            });
        }
    }
    problems.or(())?;
    Ok(Rows::new(values, width))
}

/// Passes every message of a stream to `look`.
///
/// # Errors
///
/// If a message is malformed or declares more bytes than the body has.
fn for_each_message(mut rest: &[u8], mut look: impl FnMut(Message<'_>)) -> Result<(), ArrowError> {
    let truncated = || ArrowError::IpcError("it is truncated".to_owned());
    while let Some((mut length, mut message)) = rest.split_first_chunk() {
        if *length == CONTINUATION {
            (length, message) = message.split_first_chunk().ok_or_else(truncated)?;
        }
        let length = u32::from_le_bytes(*length) as usize;
        if length == 0 {
            break;
        }
        let (head, body) = message.split_at_checked(length).ok_or_else(truncated)?;
        let head = root_as_message(head).map_err(|e| ArrowError::ParseError(e.to_string()))?;
        let length = usize::try_from(head.bodyLength()).map_err(|_| truncated())?;
        look(head);
        rest = body.get(length..).ok_or_else(truncated)?;
    }
    Ok(())
}

/// Finds the index of every feature's column.
fn columns(stream: &SchemaRef, schema: &Schema) -> Result<Vec<usize>, InvalidBody> {
    let mut problems = Problems::default();
    let mut columns = Vec::new();
    for name in schema.features() {
        let named = stream.fields().iter().filter(|field| field.name() == name);
        if named.count() > 1 {
            problems.push(None, name, "occurs more than once");
            continue;
        }
        match stream.column_with_name(name) {
            Some((column, field))
                if field.data_type().is_numeric() && supported(field.data_type()) =>
            {
                columns.push(column);
            }
            Some((_, field)) => problems.push(
                None,
                name,
                format!("is of type {}, not an integer or float", field.data_type()),
            ),
            None => problems.push(None, name, MISSING),
        }
    }
    problems.or(columns)
}

fn supported(ty: &DataType) -> bool {
    ty.is_integer() || matches!(ty, DataType::Float32 | DataType::Float64)
}

/// Passes every value of a column of a supported type to `take`.
fn read_column(batch: &RecordBatch, column: usize, take: impl FnMut(usize, Option<f64>)) {
    let array = batch.column(column);
    match array.data_type() {
        DataType::Float64 => read_values::<Float64Type>(array, take, |v| v),
        DataType::Float32 => read_values::<Float32Type>(array, take, f64::from),
        DataType::Int8 => read_values::<Int8Type>(array, take, f64::from),
        DataType::Int16 => read_values::<Int16Type>(array, take, f64::from),
        DataType::Int32 => read_values::<Int32Type>(array, take, f64::from),
        DataType::Int64 => read_values::<Int64Type>(array, take, |v| v as f64),
        DataType::UInt8 => read_values::<UInt8Type>(array, take, f64::from),
        DataType::UInt16 => read_values::<UInt16Type>(array, take, f64::from),
        DataType::UInt32 => read_values::<UInt32Type>(array, take, f64::from),
        DataType::UInt64 => read_values::<UInt64Type>(array, take, |v| v as f64),
        other => unreachable!("columns of type {other} are rejected with the schema"),
    }
}

fn read_values<T: ArrowPrimitiveType>(
    array: &dyn Array,
    mut take: impl FnMut(usize, Option<f64>),
    number: impl Fn(T::Native) -> f64,
) {
    let array = array.as_primitive::<T>();
    if array.null_count() == 0 {
        for (row, &value) in array.values().iter().enumerate() {
            take(row, Some(number(value)));
        }
    } else {
        for (row, value) in array.iter().enumerate() {
            take(row, value.map(&number));
        }
    }
}

fn malformed(error: &ArrowError) -> InvalidBody {
    InvalidBody::Malformed(format!("the body is not a valid Arrow IPC stream: {error}"))
}
