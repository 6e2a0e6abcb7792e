use serde::Deserialize;

use super::alert::Alert;
use super::monitor::{Monitor, MonitorError};

/// Prometheus, which decides whether an alert fires.
pub(crate) struct Prometheus(pub(crate) Monitor);

/// An alert whose condition holds.
#[derive(Debug, Deserialize)]
pub(crate) struct Active {
    /// `pending` or `firing`.
    pub(crate) state: String,
    /// Time since which the condition holds.
    #[serde(rename = "activeAt")]
    pub(crate) since: String,
    #[serde(flatten)]
    pub(crate) alert: Alert,
}

#[derive(Deserialize)]
struct Response {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    alerts: Vec<Active>,
}

impl Prometheus {
    /// The alert with this name, if its condition holds; a firing one if there are several.
    pub(crate) async fn alert(&self, name: &str) -> Result<Option<Active>, MonitorError> {
        let response: Response = self.0.get("/api/v1/alerts").await?;
        let named = response.data.alerts.into_iter();
        Ok(named
            .filter(|active| active.alert.name() == name)
            .max_by_key(|active| active.state == "firing"))
    }
}
