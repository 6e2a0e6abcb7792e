//! Body formats.

use canopy_web::{HeaderMap, Problem, StatusCode, header, media_type};

/// The format of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `application/json`, also without a content type.
    Json,
    /// `text/csv`.
    Csv,
    /// `application/vnd.apache.arrow.stream`.
    Arrow,
}

impl Format {
    pub(crate) const JSON: &'static str = "application/json";
    pub(crate) const CSV: &'static str = "text/csv";
    pub(crate) const ARROW: &'static str = "application/vnd.apache.arrow.stream";

    /// Media type of the format.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => Self::JSON,
            Self::Csv => Self::CSV,
            Self::Arrow => Self::ARROW,
        }
    }

    /// The format named by `Content-Type`; it must be one of `accepted`.
    pub(super) fn of(headers: &HeaderMap, accepted: &[Self]) -> Result<Self, Problem> {
        if let Some(encoding) = headers.get(header::CONTENT_ENCODING)
            && encoding != "identity"
        {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "compressed bodies are not accepted; send it without Content-Encoding",
            ));
        }
        // Fast path: the value that nearly every client sends needs no parsing.
        let given = headers.get(header::CONTENT_TYPE);
        if given.is_none_or(|given| given == Self::JSON) && accepted.contains(&Self::Json) {
            return Ok(Self::Json);
        }
        let media_type = match media_type(headers) {
            None => Self::JSON.to_owned(),
            Some(Ok(media_type)) => media_type.essence_str().to_owned(),
            Some(Err(given)) => String::from_utf8_lossy(given.as_bytes()).into_owned(),
        };
        let format = accepted
            .iter()
            .find(|format| format.media_type() == media_type);
        format.copied().ok_or_else(|| {
            let names: Vec<&str> = accepted.iter().map(|format| format.media_type()).collect();
            Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!(
                    "the media type {media_type:.100?} is not accepted here; send {}",
                    names.join(", ")
                ),
            )
        })
    }
}
