//! The labelled rows of one evaluation, and their conversion to and from Arrow.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Float64Type;
use arrow_array::{Array as _, ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType};
use sha2::{Digest as _, Sha256};

/// Labelled rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The values of each feature by name, in the model's order; all of the same length.
    pub features: Vec<(String, Vec<f64>)>,
    /// Name of the target.
    pub target: String,
    /// The true values.
    pub targets: Targets,
}

/// True values, one per row.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// Numbers, for a regression.
    Numbers(Vec<f64>),
    /// Class labels, for a classification.
    Labels(Vec<String>),
}

impl Batch {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        match &self.targets {
            Targets::Numbers(values) => values.len(),
            Targets::Labels(labels) => labels.len(),
        }
    }

    /// Digest of the rows, by which a batch that is evaluated again is recognised.
    pub(super) fn digest(&self) -> u64 {
        let mut digest = Sha256::new();
        // Each part with its length, so that no two batches have the same bytes.
        let mut add = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        let bytes =
            |values: &[f64]| -> Vec<u8> { values.iter().flat_map(|it| it.to_le_bytes()).collect() };
        for (name, values) in &self.features {
            add(name.as_bytes());
            add(&bytes(values));
        }
        add(self.target.as_bytes());
        match &self.targets {
            Targets::Numbers(values) => add(&bytes(values)),
            Targets::Labels(labels) => labels.iter().for_each(|label| add(label.as_bytes())),
        }
        let digest = digest.finalize();
        u64::from_be_bytes(digest[..8].try_into().unwrap_or_default())
    }

    /// Converts the batch to a table: the features, then the target.
    pub(super) fn to_arrow(&self) -> Result<RecordBatch, ArrowError> {
        let features = self.features.iter().map(|(name, values)| {
            let values: ArrayRef = Arc::new(Float64Array::from_iter_values(values.iter().copied()));
            (name.as_str(), values)
        });
        let targets: ArrayRef = match &self.targets {
            Targets::Numbers(values) => {
                Arc::new(Float64Array::from_iter_values(values.iter().copied()))
            }
            Targets::Labels(labels) => Arc::new(StringArray::from_iter_values(labels)),
        };
        RecordBatch::try_from_iter(features.chain([(self.target.as_str(), targets)]))
    }

    /// Converts a table written by [`Self::to_arrow`] back; several parts become one batch.
    pub(super) fn from_arrow(parts: &[RecordBatch]) -> Result<Self, String> {
        let schema = parts.first().ok_or("it has no rows")?.schema();
        let (target, features) = schema.fields().split_last().ok_or("it has no columns")?;
        let numbers = |column: usize| -> Result<Vec<f64>, String> {
            let mut values = Vec::new();
            for part in parts {
                let array = part.column(column).as_primitive_opt::<Float64Type>();
                let array = array.filter(|array| array.null_count() == 0);
                let name = schema.field(column).name();
                let array = array
                    .ok_or_else(|| format!("the column {name} does not consist of numbers"))?;
                values.extend_from_slice(array.values());
            }
            Ok(values)
        };
        let columns = features.iter().enumerate();
        let features_read = columns
            .map(|(column, field)| Ok((field.name().clone(), numbers(column)?)))
            .collect::<Result<_, String>>()?;
        let targets = if *target.data_type() == DataType::Utf8 {
            let arrays = parts.iter().map(|part| part.column(features.len()));
            let labels = arrays.flat_map(|array| array.as_string::<i32>().iter().flatten());
            Targets::Labels(labels.map(str::to_owned).collect())
        } else {
            Targets::Numbers(numbers(features.len())?)
        };
        Ok(Self {
            features: features_read,
            target: target.name().clone(),
            targets,
        })
    }
}
