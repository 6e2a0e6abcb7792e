//! The outgoing webhook, which delegates training to another system.

use std::collections::BTreeMap;
use std::env;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, StatusCode, Url};
use serde_json::json;
use tracing::warn;

/// Environment variable with the value of the Authorization header.
const HEADER: &str = "CANOPY_TRAINER_FORWARD_AUTHORIZATION";
/// Timeout of one attempt.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Pauses between attempts.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// The receiver that alerts are forwarded to.
#[derive(Debug)]
pub(crate) struct Forward {
    client: Client,
    url: Url,
    authorization: Option<HeaderValue>,
}

impl Forward {
    /// Creates the webhook for a URL, with the Authorization header from the environment if it is set.
    ///
    /// # Errors
    ///
    /// If the URL or the header is not valid.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let problem = || "--forward is not an HTTP URL";
        let url: Url = url.parse().with_context(problem)?;
        ensure!(matches!(url.scheme(), "http" | "https"), problem());
        let authorization = match env::var(HEADER) {
            Ok(text) => {
                let mut value = HeaderValue::from_str(&text)
                    .with_context(|| format!("{HEADER} is not a valid header value"))?;
                value.set_sensitive(true);
                Some(value)
            }
            Err(env::VarError::NotPresent) => None,
            Err(error) => return Err(error).context(HEADER),
        };
        Ok(Self {
            client: canopy_client::builder().timeout(TIMEOUT).build()?,
            url,
            authorization,
        })
    }

    /// Posts `{"conf": conf}` and returns the status. Retries temporary failures (no connection, no
    /// response, 429, 5xx), with up to five attempts in total.
    ///
    /// # Errors
    ///
    /// If no attempt succeeds.
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
                    let error = anyhow::anyhow!("the response is {status}");
                    if !(status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS) {
                        return Err(error);
                    }
                    error
                }
                // The URL may contain a password.
                Err(error) => error.without_url().into(),
            };
            let Some(pause) = pauses.next() else {
                bail!("gave up after {} attempts: {error:#}", PAUSES.len() + 1);
            };
            warn!(
                error = format!("{error:#}"),
                ?pause,
                "cannot forward the alert; retrying"
            );
            tokio::time::sleep(pause).await;
        }
    }
}
