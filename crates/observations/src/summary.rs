//! What a batch contains, column by column, without holding it in memory.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema};
use serde::Serialize;
use utoipa::ToSchema;

/// The values of a column in short: numbers, or labels of classes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ColumnSummary {
    /// Of numbers; NaN counts for none of them.
    Numbers {
        /// Name of the column.
        column: String,
        /// The smallest value; null if there is none.
        #[schema(required, value_type = Option<f64>)]
        minimum: f64,
        /// The arithmetic mean; null if there is none.
        #[schema(required, value_type = Option<f64>)]
        mean: f64,
        /// The largest value; null if there is none.
        #[schema(required, value_type = Option<f64>)]
        maximum: f64,
    },
    /// Of class labels.
    Labels {
        /// Name of the column.
        column: String,
        /// Number of rows by label.
        labels: BTreeMap<String, u64>,
    },
}

/// Summarises columns part by part.
pub(super) struct Summing(Vec<Sum>);

enum Sum {
    Numbers {
        column: String,
        minimum: f64,
        maximum: f64,
        total: f64,
        count: u64,
    },
    Labels {
        column: String,
        labels: BTreeMap<String, u64>,
    },
}

impl Summing {
    /// Starts with the columns of a table.
    pub(super) fn new(schema: &Schema) -> Self {
        let columns = schema.fields().iter().map(|field| {
            let column = field.name().clone();
            if *field.data_type() == DataType::Utf8 {
                let labels = BTreeMap::new();
                return Sum::Labels { column, labels };
            }
            Sum::Numbers {
                column,
                minimum: f64::INFINITY,
                maximum: f64::NEG_INFINITY,
                total: 0.0,
                count: 0,
            }
        });
        Self(columns.collect())
    }

    /// Adds a part of the table.
    pub(super) fn add(&mut self, part: &RecordBatch) {
        for (sum, values) in self.0.iter_mut().zip(part.columns()) {
            sum.add(values);
        }
    }

    /// The summaries, in the order of the columns.
    pub(super) fn finish(self) -> Vec<ColumnSummary> {
        let columns = self.0.into_iter();
        columns
            .map(|sum| match sum {
                Sum::Labels { column, labels } => ColumnSummary::Labels { column, labels },
                Sum::Numbers {
                    column,
                    minimum,
                    maximum,
                    total,
                    count,
                } => ColumnSummary::Numbers {
                    column,
                    minimum,
                    mean: total / count as f64,
                    maximum,
                },
            })
            .collect()
    }
}

impl Sum {
    fn add(&mut self, values: &dyn Array) {
        match self {
            Self::Numbers {
                minimum,
                maximum,
                total,
                count,
                ..
            } => {
                let numbers = values.as_primitive_opt::<Float64Type>().into_iter();
                for value in numbers.flat_map(|it| it.iter().flatten()) {
                    if !value.is_nan() {
                        *minimum = minimum.min(value);
                        *maximum = maximum.max(value);
                        *total += value;
                        *count += 1;
                    }
                }
            }
            Self::Labels { labels, .. } => {
                let texts = values.as_string_opt::<i32>().into_iter();
                for label in texts.flat_map(|it| it.iter().flatten()) {
                    *labels.entry(label.to_owned()).or_default() += 1;
                }
            }
        }
    }
}
