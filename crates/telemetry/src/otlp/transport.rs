//! What posts the exporter's messages: an HTTP client, with TLS.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use async_trait::async_trait;
use bytes::Bytes;
use canopy_client::certificates;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use parking_lot::Mutex;
use prost::Message as _;
use reqwest::{Client, redirect};

use super::settings::Settings;

/// Longest answer, in bytes.
const ANSWER: usize = 64 << 10;

/// An HTTP client that keeps the result of its last message: the exporter does not say how many
/// spans a collector rejected, or why it cannot be reached.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    client: Client,
    last: Arc<Mutex<Option<anyhow::Result<usize>>>>,
}

impl Transport {
    /// A client for an endpoint.
    ///
    /// # Errors
    ///
    /// If there are no certificates to verify an encrypted connection with.
    pub(super) fn new(settings: &Settings) -> anyhow::Result<Self> {
        let client = canopy_client::builder()
            .timeout(settings.timeout)
            .redirect(redirect::Policy::none());
        let client = match &settings.certificate {
            // On this machine or network: no proxy leads there, and no certificate is needed.
            _ if !settings.endpoint.is_encrypted() => client.no_proxy().tls_certs_only([]),
            None => client,
            Some(file) => client.tls_certs_only(certificates(file)?),
        };
        let client = client.build().context(
            "cannot trust the system's certificate authorities; OTEL_EXPORTER_OTLP_CERTIFICATE \
             names a file of others",
        )?;
        Ok(Self {
            client,
            last: Arc::default(),
        })
    }

    /// How many spans of the last message the collector rejected, or why it took none; `None` if
    /// that has been taken, or the exporter did not get as far as to post it.
    pub(super) fn take_result(&self) -> Option<anyhow::Result<usize>> {
        self.last.lock().take()
    }

    async fn post(&self, message: Request<Bytes>) -> anyhow::Result<Bytes> {
        let answer = self.client.execute(message.try_into()?).await;
        let mut answer = answer.map_err(explain)?;
        let status = answer.status();
        ensure!(status.is_success(), "the collector answers {status}");
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(explain)? {
            ensure!(
                body.len() + chunk.len() <= ANSWER,
                "the collector's answer is longer than {ANSWER} bytes"
            );
            body.extend_from_slice(&chunk);
        }
        Ok(body.into())
    }
}

#[async_trait]
impl HttpClient for Transport {
    async fn send_bytes(&self, message: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.post(message).await;
        let (result, answer) = match answer {
            Ok(answer) => (Ok(rejected(&answer)), Ok(Response::new(answer))),
            // The exporter says as much whatever the error is.
            Err(error) => (Err(error), Err("the message was not sent".into())),
        };
        *self.last.lock() = Some(result);
        answer
    }
}

/// How many of the spans a collector says that it did not take.
fn rejected(answer: &[u8]) -> usize {
    let answer = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
    let rejected = answer.partial_success.map_or(0, |part| part.rejected_spans);
    usize::try_from(rejected).unwrap_or_default()
}

/// Why a message was not answered; without the URL, which is known.
fn explain(error: reqwest::Error) -> anyhow::Error {
    let summary = if error.is_timeout() {
        "the collector takes too long"
    } else if error.is_connect() {
        "the collector cannot be reached"
    } else {
        "the connection to the collector failed"
    };
    anyhow::Error::new(error.without_url()).context(summary)
}
