use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use canopy_api::Problem;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, ClientBuilder, RequestBuilder, StatusCode, Url};
use thiserror::Error;

use crate::response::Evaluation;

/// Timeout of an evaluation, and of fetching its report.
const EVALUATION_TIMEOUT: Duration = Duration::from_secs(60);

/// Timeout of a readiness check.
const READY_TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum number of characters that are shown of an error response that is no problem document.
const DETAIL: usize = 200;

/// Pause between readiness checks.
const READY_PAUSE: Duration = Duration::from_millis(200);

/// The HTTP interface of a Canopy host.
pub(crate) struct Host {
    client: Client,
    url: String,
}

/// Why a request to the host failed.
#[derive(Debug, Error)]
pub(crate) enum HostError {
    /// The host rejected the request.
    #[error("{status}: {problem}")]
    Rejected {
        status: StatusCode,
        problem: Problem,
    },
    /// The connection failed or timed out.
    #[error("no response")]
    Lost(#[from] reqwest::Error),
    /// The response does not have the expected format.
    #[error("the response is not an evaluation")]
    Response(#[from] serde_json::Error),
}

impl Host {
    /// A host at `url`, which may require an API key.
    ///
    /// # Errors
    ///
    /// If the key cannot be sent in a header.
    pub(crate) fn new(client: ClientBuilder, url: &Url, key: Option<&str>) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            let mut key = HeaderValue::try_from(key)
                .context("the API key contains characters that an HTTP header cannot carry")?;
            key.set_sensitive(true);
            headers.insert("x-api-key", key);
        }
        Ok(Self {
            client: client.default_headers(headers).build()?,
            url: url.as_str().trim_end_matches('/').into(),
        })
    }

    /// Waits until the host is ready, for at most `limit`.
    ///
    /// # Errors
    ///
    /// If the host is not ready by then; the error holds the result of the last check.
    pub(crate) async fn wait(&self, limit: Duration) -> anyhow::Result<()> {
        let start = Instant::now();
        loop {
            let ready = self.client.get(format!("{}/ready", self.url));
            let reason = match ready.timeout(READY_TIMEOUT).send().await {
                Ok(response) if response.status() == StatusCode::OK => return Ok(()),
                Ok(response) => response.status().to_string(),
                Err(error) => format!("{:#}", anyhow::Error::from(error.without_url())),
            };
            if start.elapsed() + READY_PAUSE > limit {
                let authority = if self.url.starts_with("https:") {
                    ", a private certificate authority with --ca-certificate"
                } else {
                    ""
                };
                bail!(
                    "{} was not ready within {limit:?}: {reason} \
                     (set the address with --url, the time to wait with --wait{authority})",
                    self.url
                );
            }
            tokio::time::sleep(READY_PAUSE).await;
        }
    }

    /// Evaluates the model on labelled records; `body` is the JSON that `POST /evaluate` takes.
    pub(crate) async fn evaluate(&self, body: Vec<u8>) -> Result<Evaluation, HostError> {
        let request = self
            .client
            .post(format!("{}/evaluate", self.url))
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        Ok(Evaluation::read(&send(request).await?)?)
    }

    /// Fetches the text at `path`.
    pub(crate) async fn get(&self, path: &str) -> Result<String, HostError> {
        send(self.client.get(format!("{}{path}", self.url))).await
    }

    /// Requests one prediction and returns the status once the whole response was received.
    pub(crate) async fn predict(
        &self,
        content_type: &'static str,
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<StatusCode, reqwest::Error> {
        let response = self
            .client
            .post(format!("{}/predict", self.url))
            .header(CONTENT_TYPE, content_type)
            .timeout(timeout)
            .body(body)
            .send()
            .await?;
        let status = response.status();
        response.bytes().await?;
        Ok(status)
    }
}

/// Sends a request and returns the text of a successful response.
async fn send(request: RequestBuilder) -> Result<String, HostError> {
    let response = request.timeout(EVALUATION_TIMEOUT).send().await?;
    let status = response.status();
    let text = response.text().await?;
    if status.is_success() {
        Ok(text)
    } else {
        // A proxy on the way may answer in another form.
        let problem = serde_json::from_str(&text).unwrap_or_else(|_| Problem {
            detail: text.chars().take(DETAIL).collect(),
            ..Problem::default()
        });
        Err(HostError::Rejected { status, problem })
    }
}
