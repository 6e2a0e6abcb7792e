//! A connection to a collector.

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::config::Endpoint;

/// Most bytes of an answer.
const ANSWER: usize = 64 << 10;

/// Who posts to a collector, over one connection for as long as that lasts.
pub(super) struct Client {
    endpoint: Endpoint,
    open: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    pub(super) fn new(endpoint: &Endpoint) -> Self {
        Self {
            endpoint: endpoint.clone(),
            open: None,
        }
    }

    /// Posts a message; answers the body of the answer.
    ///
    /// # Errors
    ///
    /// If the collector cannot be reached or does not answer 200.
    pub(super) async fn post(&mut self, message: Vec<u8>) -> anyhow::Result<Bytes> {
        // Given up unless there is a whole answer.
        let mut connection = match self.open.take() {
            Some(open) if !open.is_closed() => open,
            _ => self.connect().await?,
        };
        connection.ready().await?;
        let request = Request::post(&self.endpoint.path)
            .header(header::HOST, &self.endpoint.address)
            .header(header::CONTENT_TYPE, "application/x-protobuf")
            .body(Full::new(Bytes::from(message)))?;
        let answer = connection.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER).collect().await;
        if !status.is_success() {
            bail!("the collector answers {status}");
        }
        let body = body.map_err(|error| anyhow::anyhow!(error))?;
        self.open = Some(connection);
        Ok(body.to_bytes())
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(&self.endpoint.address).await;
        let stream = stream.context("the collector cannot be reached")?;
        let (connection, driver) = http1::handshake(TokioIo::new(stream)).await?;
        crate::context::spawn(driver);
        Ok(connection)
    }
}
