//! The outgoing webhook: something else trains.

use std::collections::BTreeMap;
use std::env;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, StatusCode, Url};
use serde_json::json;
use tracing::warn;

/// Environment variable with the Authorization header.
const HEADER: &str = "CANOPY_TRAINER_FORWARD_AUTHORIZATION";
/// Longest time of one attempt.
const LIMIT: Duration = Duration::from_secs(10);
/// Pause after each attempt but the last.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// Somebody to tell of alerts.
#[derive(Debug)]
pub(crate) struct Forward {
    client: Client,
    url: Url,
    authorization: Option<HeaderValue>,
}

impl Forward {
    /// Forwards to a URL, with the Authorization header of the environment if there is one.
    ///
    /// # Errors
    ///
    /// If the URL or the header cannot be used.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let problem = || "--forward is no URL of HTTP";
        let url: Url = url.parse().with_context(problem)?;
        ensure!(matches!(url.scheme(), "http" | "https"), problem());
        let authorization = match env::var(HEADER) {
            Ok(text) => {
                let mut value = HeaderValue::from_str(&text)
                    .with_context(|| format!("{HEADER} cannot be a header"))?;
                value.set_sensitive(true);
                Some(value)
            }
            Err(env::VarError::NotPresent) => None,
            Err(error) => return Err(error).context(HEADER),
        };
        // Whoever installed a provider before has done the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            client: Client::builder().timeout(LIMIT).build()?,
            url,
            authorization,
        })
    }

    /// Posts `{"conf": conf}`; returns the status. What may succeed later (no connection, no
    /// answer, 429, 5xx) is tried again, five times in all.
    ///
    /// # Errors
    ///
    /// If there was no success.
    pub(crate) async fn send(&self, conf: &BTreeMap<String, String>) -> Result<StatusCode> {
        let body = json!({ "conf": conf });
        let mut pauses = PAUSES.into_iter();
        loop {
            let mut request = self.client.post(self.url.clone()).json(&body);
            if let Some(value) = &self.authorization {
                request = request.header(AUTHORIZATION, value.clone());
            }
            let error = match request.send().await {
                Ok(answer) if answer.status().is_success() => return Ok(answer.status()),
                Ok(answer) => {
                    let status = answer.status();
                    let error = anyhow::anyhow!("the answer is {status}");
                    if !(status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS) {
                        return Err(error);
                    }
                    error
                }
                // The URL may hold a password.
                Err(error) => error.without_url().into(),
            };
            let Some(pause) = pauses.next() else {
                bail!("given up after {} attempts: {error:#}", PAUSES.len() + 1);
            };
            warn!(error = format!("{error:#}"), ?pause, "not forwarded yet");
            tokio::time::sleep(pause).await;
        }
    }
}
