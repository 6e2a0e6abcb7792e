use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, ClientBuilder, StatusCode, Url};
use thiserror::Error;

use crate::answer::Evaluation;
use crate::problem::Problem;

/// How long one evaluation may take.
const EVALUATION_LIMIT: Duration = Duration::from_secs(60);

/// How long the host may take to say whether it is ready.
const READY_LIMIT: Duration = Duration::from_secs(5);

/// The pause before asking again whether the host is ready.
const READY_PAUSE: Duration = Duration::from_millis(200);

/// A Canopy host, seen over HTTP.
pub(crate) struct Host {
    client: Client,
    url: String,
}

/// Why an evaluation gave no scores.
#[derive(Debug, Error)]
pub(crate) enum HostError {
    #[error("{status}: {problem}")]
    Refused {
        status: StatusCode,
        problem: Problem,
    },
    #[error("no answer")]
    Lost(#[from] reqwest::Error),
    #[error("the answer is not an evaluation")]
    Answer(#[from] serde_json::Error),
}

/// A client for any address.
pub(crate) fn client() -> anyhow::Result<Client> {
    Ok(builder().build()?)
}

fn builder() -> ClientBuilder {
    // Whoever installed a provider before has done the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
}

impl Host {
    /// The host at an address, which may ask for a key.
    pub(crate) fn new(url: &Url, key: Option<&str>) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            let mut key = HeaderValue::try_from(key).context("the API key is none")?;
            key.set_sensitive(true);
            headers.insert("x-api-key", key);
        }
        Ok(Self {
            client: builder().default_headers(headers).build()?,
            url: url.as_str().trim_end_matches('/').into(),
        })
    }

    /// Waits until the host is ready, for at most `limit`.
    pub(crate) async fn wait(&self, limit: Duration) -> anyhow::Result<()> {
        let start = Instant::now();
        loop {
            let ready = self.client.get(format!("{}/ready", self.url));
            let reason = match ready.timeout(READY_LIMIT).send().await {
                Ok(answer) if answer.status() == StatusCode::OK => return Ok(()),
                Ok(answer) => answer.status().to_string(),
                Err(error) => format!("{:#}", anyhow::Error::from(error.without_url())),
            };
            if start.elapsed() + READY_PAUSE > limit {
                bail!("{} was not ready within {limit:?}: {reason}", self.url);
            }
            tokio::time::sleep(READY_PAUSE).await;
        }
    }

    /// Has the model evaluated on labelled records; the body is JSON.
    pub(crate) async fn evaluate(&self, body: Vec<u8>) -> Result<Evaluation, HostError> {
        let answer = self
            .client
            .post(format!("{}/evaluate", self.url))
            .header(CONTENT_TYPE, "application/json")
            .timeout(EVALUATION_LIMIT)
            .body(body)
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            let problem = Problem::read(&text);
            return Err(HostError::Refused { status, problem });
        }
        Ok(Evaluation::read(&text)?)
    }

    /// What the host has at a path, as text.
    pub(crate) async fn get(&self, path: &str) -> Result<String, HostError> {
        let answer = self.client.get(format!("{}{path}", self.url));
        let answer = answer.timeout(EVALUATION_LIMIT).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if status.is_success() {
            Ok(text)
        } else {
            let problem = Problem::read(&text);
            Err(HostError::Refused { status, problem })
        }
    }

    /// Asks for one prediction; gives the status once the answer is there in whole.
    pub(crate) async fn predict(
        &self,
        content_type: &'static str,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<StatusCode, reqwest::Error> {
        let answer = self
            .client
            .post(format!("{}/predict", self.url))
            .header(CONTENT_TYPE, content_type)
            .timeout(limit)
            .body(body)
            .send()
            .await?;
        let status = answer.status();
        answer.bytes().await?;
        Ok(status)
    }
}
