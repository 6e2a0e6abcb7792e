//! Reading a request's body within its limits.

use std::error::Error;
use std::pin::pin;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body;
use tokio::time::timeout;

use super::problem::Problem;
use crate::host::Host;

/// Most bytes of a body that is parsed on the thread that read it, where others wait meanwhile.
pub(super) const AT_ONCE: usize = 64 << 10;

/// Formats of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `application/json`, or no type at all.
    Json,
    /// `text/csv`.
    Csv,
    /// `application/vnd.apache.arrow.stream`.
    Arrow,
}

impl Format {
    pub(super) const JSON: &'static str = "application/json";
    pub(super) const CSV: &'static str = "text/csv";
    pub(super) const ARROW: &'static str = "application/vnd.apache.arrow.stream";

    /// Media type of the format.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Json => Self::JSON,
            Self::Csv => Self::CSV,
            Self::Arrow => Self::ARROW,
        }
    }

    /// The format that a request's `Content-Type` names, which must be one of `accepted`.
    pub(super) fn of(headers: &HeaderMap, accepted: &[Self]) -> Result<Self, Problem> {
        if let Some(encoding) = headers.get(header::CONTENT_ENCODING)
            && encoding != "identity"
        {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "encoded bodies are not taken; send it without Content-Encoding",
            ));
        }
        let Some(value) = headers.get(header::CONTENT_TYPE) else {
            return Ok(Self::Json);
        };
        let value = value.to_str().unwrap_or("");
        let media_type = value.split(';').next().unwrap_or("").trim();
        let format = accepted
            .iter()
            .find(|format| media_type.eq_ignore_ascii_case(format.media_type()));
        format.copied().ok_or_else(|| {
            let names: Vec<&str> = accepted.iter().map(|format| format.media_type()).collect();
            Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!(
                    "the media type {media_type:.100?} is not taken here; send {}",
                    names.join(", ")
                ),
            )
        })
    }
}

/// The length of a body, where it is known before it has come.
pub(super) fn length(request: &Request) -> Option<u64> {
    request.body().size_hint().exact()
}

/// Reads the whole body of a request, at most `limit` bytes.
pub(super) async fn read(host: &Host, request: Request, limit: u64) -> Result<Bytes, Problem> {
    read_body(host, request.into_body(), limit).await
}

/// Reads a whole body of at most `limit` bytes.
pub(super) async fn read_body<B>(host: &Host, body: B, limit: u64) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {limit} bytes"),
        )
    };
    if body
        .size_hint()
        .exact()
        .is_some_and(|length| length > limit)
    {
        return Err(too_large());
    }
    let limited = Limited::new(body, usize::try_from(limit).unwrap_or(usize::MAX));
    let patience = host.config.network.body_timeout.into();
    match timeout(patience, gather(limited)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            format!("the body could not be read: {error}"),
        )),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            format!("the body did not arrive within {patience:?}"),
        )),
    }
}

/// The bytes of a body, in memory once.
async fn gather<B: Body<Data = Bytes>>(body: B) -> Result<Bytes, B::Error> {
    let mut body = pin!(body);
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await.transpose()? {
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.is_empty() {
            if body.is_end_stream() {
                return Ok(data);
            }
            let rest = usize::try_from(body.size_hint().lower()).unwrap_or(0);
            whole.reserve(data.len() + rest);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}
