//! Bodies that Python's standard library cannot write.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use canopy_trainer::{Spec, Table};

/// Writes `{rows}.arrow` into the folder: the table's rows, from the first again after the last, as
/// one batch of an Arrow IPC stream.
pub(crate) fn write((spec, table): &(Spec, Table), folder: &Path, rows: usize) {
    let columns = spec.features.iter().zip(&table.features);
    let columns = columns.map(|(feature, values)| {
        let values = values.iter().copied().cycle().take(rows);
        let array: ArrayRef = Arc::new(Float64Array::from_iter_values(values));
        (&feature.name, array)
    });
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = File::create(folder.join(format!("{rows}.arrow"))).unwrap();
    let mut writer = StreamWriter::try_new(file, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
}
