//! Rows written as a client would.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use canopy_rows::{Schema, arrow, csv, json};

use super::support::{MAX_ROWS, same};

/// Checks that rows are read back bit for bit from every form that a batch can have.
pub(super) fn check_forms(rows: &[f64], schema: &Schema) {
    for (form, read) in [
        (
            "JSON",
            json::records(&in_json(rows, schema), schema, MAX_ROWS),
        ),
        ("CSV", csv::records(&in_csv(rows, schema), schema, MAX_ROWS)),
        (
            "Arrow",
            arrow::records(&in_arrow(rows, schema), schema, MAX_ROWS),
        ),
    ] {
        match read {
            Ok(read) => assert!(
                same(rows, read.values()),
                "{form}: {rows:?} became {read:?}"
            ),
            Err(error) => panic!("{form}: {rows:?} is refused: {error:?}"),
        }
    }
}

fn in_json(rows: &[f64], schema: &Schema) -> Vec<u8> {
    let record = |row: &[f64]| -> serde_json::Map<String, serde_json::Value> {
        let names = schema.features().iter().cloned();
        names.zip(row.iter().map(|&value| value.into())).collect()
    };
    let records: Vec<_> = rows.chunks(schema.width()).map(record).collect();
    serde_json::to_vec(&records).expect("finite numbers have a JSON form")
}

fn in_csv(rows: &[f64], schema: &Schema) -> Vec<u8> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let written = "memory can be written";
    writer.write_record(schema.features()).expect(written);
    for row in rows.chunks(schema.width()) {
        let fields = row.iter().map(f64::to_string);
        writer.write_record(fields).expect(written);
    }
    writer.into_inner().expect(written)
}

pub(super) fn in_arrow(rows: &[f64], schema: &Schema) -> Vec<u8> {
    let columns = schema
        .features()
        .iter()
        .enumerate()
        .map(|(position, name)| {
            let values = rows.iter().skip(position).step_by(schema.width());
            let column: ArrayRef = Arc::new(Float64Array::from_iter_values(values.copied()));
            (name, column)
        });
    let batch = RecordBatch::try_from_iter(columns).expect("columns are equally long");
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).expect("a new stream");
    writer.write(&batch).expect("memory can be written");
    writer.finish().expect("memory can be written");
    bytes
}
