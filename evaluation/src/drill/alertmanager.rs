use std::collections::BTreeMap;

use serde::Deserialize;

use super::monitor::{Monitor, MonitorError};

/// Alertmanager, which notifies the receivers of an alert.
pub(crate) struct Alertmanager(pub(crate) Monitor);

/// An alert that has arrived and is unresolved.
#[derive(Debug, Deserialize)]
pub(crate) struct Arrived {
    labels: BTreeMap<String, String>,
    status: Status,
    #[serde(rename = "startsAt")]
    pub(crate) since: String,
    receivers: Vec<Receiver>,
}

#[derive(Debug, Deserialize)]
struct Status {
    /// `unprocessed`, `active`, or `suppressed` by a silence or another alert.
    state: String,
}

#[derive(Debug, Deserialize)]
struct Receiver {
    name: String,
}

impl Alertmanager {
    /// Checks that Alertmanager responds.
    pub(crate) async fn check(&self) -> Result<(), MonitorError> {
        self.all().await.map(drop)
    }

    /// The alert with exactly these labels, if it has arrived.
    pub(crate) async fn alert(
        &self,
        labels: &BTreeMap<String, String>,
    ) -> Result<Option<Arrived>, MonitorError> {
        let all = self.all().await?;
        Ok(all.into_iter().find(|arrived| arrived.labels == *labels))
    }

    async fn all(&self) -> Result<Vec<Arrived>, MonitorError> {
        self.0.get("/api/v2/alerts").await
    }
}

impl Arrived {
    /// `unprocessed`, `active` or `suppressed`.
    pub(crate) fn state(&self) -> &str {
        &self.status.state
    }

    /// Names of the receivers that are notified.
    pub(crate) fn receivers(&self) -> String {
        let names: Vec<_> = self.receivers.iter().map(|to| to.name.as_str()).collect();
        names.join(", ")
    }
}
