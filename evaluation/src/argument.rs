//! Values of command-line arguments.

use std::time::Duration;

use jiff::SignedDuration;
use reqwest::Url;

/// Parses an address with the scheme `http` or `https`.
pub(crate) fn url(text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| "expected an address such as http://127.0.0.1:8080".into())
}

/// Parses a duration with units, such as `1m 30s`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<SignedDuration>()
        .and_then(Duration::try_from)
        .map_err(|_| "expected a duration such as 90s or 2m".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_scheme() {
        assert!(url("https://models.example/canopy/").is_ok());
        for text in ["127.0.0.1:8080", "localhost:8080", "ftp://localhost", ""] {
            assert!(url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_have_a_unit_and_are_not_negative() {
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for text in ["60", "-1s", "soon", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
