use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// Age of the oldest observed batch to learn from, if a specification does not say.
const WINDOW: Duration = Duration::from_secs(60 * 24 * 60 * 60);

/// Which of the labelled batches that a host observed a retraining learns from. A batch must
/// keep both limits; the newest one is held out of the training to score on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retraining {
    /// Largest age of a batch, such as `60d`; default: 60 days, or no limit if `batches` is
    /// given.
    #[serde(deserialize_with = "duration")]
    window: Option<Duration>,
    /// Most batches, counted from the newest; default: no limit.
    batches: Option<NonZeroUsize>,
}

impl Retraining {
    /// Largest age of a batch; `None` if there is no limit.
    #[must_use]
    pub fn window(&self) -> Option<Duration> {
        self.window.or(match self.batches {
            Some(_) => None,
            None => Some(WINDOW),
        })
    }

    /// Most batches, counted from the newest.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.batches.map_or(usize::MAX, NonZeroUsize::get)
    }
}

/// Reads a time such as `60d` or `12h`.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match humantime::parse_duration(&text) {
        Ok(window) => Ok(Some(window)),
        Err(_) => Err(serde::de::Error::custom(format!(
            "expected a time such as \"60d\", found {text:?}"
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
    fn sixty_days_unless_something_else_is_said() {
        assert_eq!(window(""), (Some(60), usize::MAX));
        assert_eq!(window("window = \"7d\""), (Some(7), usize::MAX));
        assert_eq!(window("batches = 3"), (None, 3));
        assert_eq!(window("window = \"1w\"\nbatches = 3"), (Some(7), 3));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["window = \"long\"", "window = 60", "batches = 0"] {
            assert!(toml::from_str::<Retraining>(text).is_err(), "{text}");
        }
    }
}
