//! Predictions as response bodies.
//!
//! A regression yields one number, under the model's response field. A classification yields the
//! label of the argmax class there, and the probability of every class.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use canopy_runtime::{ModelInfo, Task, argmax};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// Name of the field with the probability of every class.
const PROBABILITIES: &str = "probabilities";

/// Memory for predictions and their response in any format, in bytes.
pub(super) fn memory(info: &ModelInfo, rows: usize) -> u64 {
    /// Of a number, as a value and in the longest text of it.
    const NUMBER: usize = 8 + 25;
    let names: usize = columns(info).iter().map(|name| name.len() + NUMBER).sum();
    // The response grows to at most twice its size.
    rows.saturating_mul(2 * (names + PROBABILITIES.len())) as u64
}

/// The prediction for one record, as a JSON object.
pub(super) fn record(info: &ModelInfo, values: &[f64]) -> Vec<u8> {
    to_json(&Prediction { info, values })
}

/// The predictions for many records, as a JSON array of objects.
pub(super) fn json(info: &ModelInfo, values: &[f64]) -> Vec<u8> {
    let predictions: Vec<_> = values
        .chunks(outputs(info))
        .map(|values| Prediction { info, values })
        .collect();
    to_json(&predictions)
}

/// The predictions for many records, as CSV with a header line.
pub(super) fn csv(info: &ModelInfo, values: &[f64]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns(info))?;
    for values in values.chunks(outputs(info)) {
        if info.task == Task::Classification {
            writer.write_field(&info.classes[argmax(values)])?;
        }
        for value in values {
            writer.write_field(value.to_string())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// The predictions for many records, as an Arrow IPC stream of one batch.
pub(super) fn arrow(info: &ModelInfo, values: &[f64]) -> Result<Vec<u8>, ArrowError> {
    let outputs = outputs(info);
    let number = |column: usize| -> ArrayRef {
        let values = values.iter().skip(column).step_by(outputs).copied();
        Arc::new(Float64Array::from_iter_values(values))
    };
    let labels = || -> ArrayRef {
        let labels = values
            .chunks(outputs)
            .map(|values| &info.classes[argmax(values)]);
        Arc::new(StringArray::from_iter_values(labels))
    };
    let arrays = (info.task == Task::Classification)
        .then(labels)
        .into_iter()
        .chain((0..outputs).map(number));
    let batch = RecordBatch::try_from_iter(columns(info).into_iter().zip(arrays))?;
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(&batch)?;
    writer.into_inner()
}

/// Column names of a table of predictions.
pub(crate) fn columns(info: &ModelInfo) -> Vec<String> {
    let probabilities = info
        .classes
        .iter()
        .map(|class| format!("probability_{class}"));
    std::iter::once(info.response_field.clone())
        .chain(probabilities)
        .collect()
}

fn outputs(info: &ModelInfo) -> usize {
    info.classes.len().max(1)
}

struct Prediction<'a> {
    info: &'a ModelInfo,
    values: &'a [f64],
}

impl Serialize for Prediction<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (info, values) = (self.info, self.values);
        match info.task {
            Task::Regression => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(&info.response_field, &values[0])?;
                map.end()
            }
            Task::Classification => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry(&info.response_field, &info.classes[argmax(values)])?;
                let probabilities = Probabilities { info, values };
                map.serialize_entry(PROBABILITIES, &probabilities)?;
                map.end()
            }
        }
    }
}

struct Probabilities<'a> {
    info: &'a ModelInfo,
    values: &'a [f64],
}

impl Serialize for Probabilities<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.info.classes.iter().zip(self.values))
    }
}

/// Cannot fail: numbers, strings and maps with string keys can be serialized.
fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|_| unreachable!("predictions are finite numbers"))
}
