use serde::Deserialize;
use serde_json::{Map, Value};

/// What the host answers to an evaluation.
#[derive(Debug)]
pub(crate) struct Evaluation {
    /// The part on drift, and how many rows there were.
    pub(crate) drift: Drift,
    /// The whole answer, as it came.
    pub(crate) fields: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Drift {
    pub(crate) evaluated_items: u64,
    /// 1 when the data set as a whole has drifted, otherwise 0.
    pub(crate) drift_detected: u8,
    /// From 0 to 1.
    pub(crate) drift_share: f64,
    pub(crate) columns: Vec<ColumnDrift>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ColumnDrift {
    pub(crate) column: String,
    pub(crate) drifted: bool,
}

impl Evaluation {
    pub(crate) fn read(text: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            drift: serde_json::from_str(text)?,
            fields: serde_json::from_str(text)?,
        })
    }

    /// A score such as `rmse`, if the model has it and it is defined.
    pub(crate) fn score(&self, name: &str) -> Option<f64> {
        self.fields.get(name)?.as_f64()
    }
}
