use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// What an alert says, the same in Prometheus and Alertmanager.
#[derive(Debug, Deserialize)]
pub(crate) struct Alert {
    pub(crate) labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

impl Alert {
    pub(crate) fn name(&self) -> &str {
        self.labels.get("alertname").map_or("", String::as_str)
    }
}

/// A line for each label and annotation.
impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.labels.iter().chain(&self.annotations) {
            write!(f, "\n  {name:<12} {value}")?;
        }
        Ok(())
    }
}
