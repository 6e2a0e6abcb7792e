use std::time::Duration;

use reqwest::{Client, StatusCode, Url};
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::host::client;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Prometheus or Alertmanager, seen over HTTP.
pub(crate) struct Monitor {
    pub(crate) name: &'static str,
    client: Client,
    pub(crate) url: String,
}

/// Why a monitor does not say which alerts there are.
#[derive(Debug, Error)]
pub(crate) enum MonitorError {
    #[error("{name} does not answer at {url}: is the whole stack running? `make all` starts it")]
    Lost {
        name: &'static str,
        url: String,
        source: reqwest::Error,
    },
    #[error("{name} answers {status} at {url}")]
    Refused {
        name: &'static str,
        url: String,
        status: StatusCode,
    },
    #[error("{name} answers something else than alerts at {url}")]
    Answer {
        name: &'static str,
        url: String,
        source: serde_json::Error,
    },
}

impl Monitor {
    pub(crate) fn new(name: &'static str, url: &Url) -> anyhow::Result<Self> {
        Ok(Self {
            name,
            client: client()?,
            url: url.as_str().trim_end_matches('/').into(),
        })
    }

    /// The JSON at a path.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, MonitorError> {
        let (name, url) = (self.name, format!("{}{path}", self.url));
        let lost = |error: reqwest::Error| MonitorError::Lost {
            name,
            url: self.url.clone(),
            source: error.without_url(),
        };
        let request = self.client.get(&url).timeout(LIMIT);
        let answer = request.send().await.map_err(lost)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(MonitorError::Refused { name, url, status });
        }
        let text = answer.text().await.map_err(lost)?;
        serde_json::from_str(&text).map_err(|source| MonitorError::Answer { name, url, source })
    }
}
