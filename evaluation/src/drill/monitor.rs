use std::time::Duration;

use reqwest::{Client, StatusCode, Url};
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Timeout of a request.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The HTTP interface of Prometheus or Alertmanager.
pub(crate) struct Monitor {
    pub(crate) name: &'static str,
    client: Client,
    pub(crate) url: String,
}

/// Why the state of an alert could not be determined.
#[derive(Debug, Error)]
pub(crate) enum MonitorError {
    /// The connection failed or timed out.
    #[error("{name} does not respond at {url}: is the whole stack running? `make all` starts it")]
    Lost {
        name: &'static str,
        url: String,
        source: reqwest::Error,
    },
    /// The response reports an error.
    #[error("{name} responds with {status} at {url}")]
    Rejected {
        name: &'static str,
        url: String,
        status: StatusCode,
    },
    /// The response does not have the expected format.
    #[error("{name} does not respond with a list of alerts at {url}")]
    Response {
        name: &'static str,
        url: String,
        source: serde_json::Error,
    },
}

impl Monitor {
    /// Creates a monitor at `url`; `name` appears in errors.
    pub(crate) fn new(name: &'static str, url: &Url, client: Client) -> Self {
        Self {
            name,
            client,
            url: url.as_str().trim_end_matches('/').into(),
        }
    }

    /// Fetches the JSON at a path.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, MonitorError> {
        let (name, url) = (self.name, format!("{}{path}", self.url));
        let lost = |error: reqwest::Error| MonitorError::Lost {
            name,
            url: self.url.clone(),
            source: error.without_url(),
        };
        let request = self.client.get(&url).timeout(TIMEOUT);
        let response = request.send().await.map_err(lost)?;
        let status = response.status();
        if !status.is_success() {
            return Err(MonitorError::Rejected { name, url, status });
        }
        let text = response.text().await.map_err(lost)?;
        serde_json::from_str(&text).map_err(|source| MonitorError::Response { name, url, source })
    }
}
