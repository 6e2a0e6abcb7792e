use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// Default maximum age of observed batches.
const WINDOW: Duration = Duration::from_secs(60 * 24 * 60 * 60);

/// Which observed batches a retraining run uses. A batch must be within both limits. The newest batch
/// is held out of the training, for scoring.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retraining {
    /// Maximum age of a batch, such as `60d`; default: 60 days, or no limit if `batches` is set.
    #[serde(deserialize_with = "duration")]
    window: Option<Duration>,
    /// Maximum number of batches, counted from the newest; default: no limit.
    batches: Option<NonZeroUsize>,
}

impl Retraining {
    /// Maximum age of a batch; `None` if there is no limit.
    #[must_use]
    pub fn window(&self) -> Option<Duration> {
        self.window.or(match self.batches {
            Some(_) => None,
            None => Some(WINDOW),
        })
    }

    /// Maximum number of batches, counted from the newest.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.batches.map_or(usize::MAX, NonZeroUsize::get)
    }
}

/// Deserialises a duration such as `60d` or `12h`.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match humantime::parse_duration(&text) {
        Ok(window) => Ok(Some(window)),
        Err(_) => Err(serde::de::Error::custom(format!(
            "expected a duration such as \"60d\", found {text:?}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> (Option<u64>, usize) {
        let retraining: Retraining = toml::from_str(text).unwrap();
        let days = |window: Duration| window.as_secs() / 86_400;
        (retraining.window().map(days), retraining.batches())
    }

    #[test]
    fn the_default_window_is_sixty_days() {
        assert_eq!(window(""), (Some(60), usize::MAX));
        assert_eq!(window("window = \"7d\""), (Some(7), usize::MAX));
        assert_eq!(window("batches = 3"), (None, 3));
        assert_eq!(window("window = \"1w\"\nbatches = 3"), (Some(7), 3));
    }

    #[test]
    fn invalid_limits_are_rejected() {
        for text in ["window = \"long\"", "window = 60", "batches = 0"] {
            assert!(toml::from_str::<Retraining>(text).is_err(), "{text}");
        }
    }
}
