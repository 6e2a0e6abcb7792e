use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// Default maximum age of observed batches.
const WINDOW: Duration = Duration::from_secs(60 * 24 * 60 * 60);

/// Which observed batches a retraining run uses, and what a challenger must show to be published. A
/// batch must be within all limits. A share of the rows of every batch is held out of the training,
/// for scoring.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retraining {
    /// Maximum age of a batch, such as `60d`; default: 60 days, or no limit if `batches` is set.
    #[serde(deserialize_with = "duration")]
    window: Option<Duration>,
    /// Maximum number of batches, counted from the newest; default: no limit.
    batches: Option<NonZeroUsize>,
    /// Maximum number of observed rows, counted from the newest batch; default: 100,000. A batch that
    /// does not fit any more is left out as a whole.
    pub rows: NonZeroUsize,
    /// Share of the rows of every batch that is held out, above 0 and up to 0.5; default: 0.25.
    pub held_out: f64,
    /// Minimum number of held-out rows; default: 50.
    pub min_held_out_rows: usize,
    /// Minimum number of batches; default: 2.
    pub min_batches: usize,
    /// How far the true values of a batch may lie beyond those of the champion's reference, as a
    /// multiple of the reference's range; default: 5. Batches beyond are set aside.
    pub target_range: f64,
    /// How much worse than the champion the challenger may score on the champion's reference and on
    /// the batches before the newest, as a share of the champion's score; default: 0.1.
    pub max_setback: f64,
}

impl Default for Retraining {
    fn default() -> Self {
        const ROWS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(99_999);
        Self {
            window: None,
            batches: None,
            rows: ROWS,
            held_out: 0.25,
            min_held_out_rows: 50,
            min_batches: 2,
            target_range: 5.0,
            max_setback: 0.1,
        }
    }
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

    /// The first invalid value: its key and the problem.
    pub(super) fn fault(&self) -> Option<(&'static str, &'static str)> {
        let is_factor = |value: f64| value.is_finite() && value >= 0.0;
        if !(self.held_out > 0.0 && self.held_out <= 0.5) {
            Some(("retraining.held_out", "must be above 0 and at most 0.5"))
        } else if !is_factor(self.target_range) {
            Some(("retraining.target_range", "must be a number of at least 0"))
        } else if !is_factor(self.max_setback) {
            Some(("retraining.max_setback", "must be a number of at least 0"))
        } else {
            None
        }
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
        for text in [
            "window = \"long\"",
            "window = 60",
            "batches = 0",
            "rows = 0",
        ] {
            assert!(toml::from_str::<Retraining>(text).is_err(), "{text}");
        }
        for text in [
            "held_out = 0.0",
            "held_out = nan",
            "target_range = -1.0",
            "max_setback = inf",
        ] {
            let retraining: Retraining = toml::from_str(text).unwrap();
            assert!(retraining.fault().is_some(), "{text}");
        }
    }
}
