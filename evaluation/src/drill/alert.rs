use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// The labels and annotations of an alert.
#[derive(Debug, Deserialize)]
pub(crate) struct Alert {
    pub(crate) labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

impl Alert {
    /// The label `alertname`; empty if there is none.
    pub(crate) fn name(&self) -> &str {
        self.labels.get("alertname").map_or("", String::as_str)
    }
}

/// One line for each label and annotation.
impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.labels.iter().chain(&self.annotations) {
            write!(f, "\n  {name:<12} {value}")?;
        }
        Ok(())
    }
}
