use serde::Deserialize;
use serde_json::{Map, Value};

/// The response to `POST /evaluate`.
#[derive(Debug)]
pub(crate) struct Evaluation {
    /// The drift, and the number of rows.
    pub(crate) drift: Drift,
    /// All fields, as received.
    pub(crate) fields: Map<String, Value>,
}

/// Drift of the evaluated rows from the reference.
#[derive(Debug, Deserialize)]
pub(crate) struct Drift {
    /// Number of rows.
    pub(crate) evaluated_items: u64,
    /// 1 if the dataset as a whole has drifted, otherwise 0.
    pub(crate) drift_detected: u8,
    /// Share of drifted columns, from 0 to 1.
    pub(crate) drift_share: f64,
    pub(crate) columns: Vec<ColumnDrift>,
}

/// Drift of one column.
#[derive(Debug, Deserialize)]
pub(crate) struct ColumnDrift {
    pub(crate) column: String,
    pub(crate) drifted: bool,
}

impl Evaluation {
    /// Parses the body of the response.
    pub(crate) fn read(text: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            drift: serde_json::from_str(text)?,
            fields: serde_json::from_str(text)?,
        })
    }

    /// The score of this name, such as `rmse`, if the model has it and it is defined.
    pub(crate) fn score(&self, name: &str) -> Option<f64> {
        self.fields.get(name)?.as_f64()
    }
}
