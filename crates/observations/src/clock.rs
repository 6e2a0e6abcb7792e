//! A clock that ignores jumps of the wall clock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tracing::{info, warn};

/// The wall clock, as long as it agrees with the monotonic clock.
///
/// If the wall clock were set wrong for a moment, every batch would look old, or new ones would be
/// given the wrong date. A wall clock that has drifted from the monotonic clock by more than
/// [`Self::TOLERANCE`] since the process started is therefore ignored: time continues with the
/// monotonic clock until the two agree again or the process is restarted.
#[derive(Debug)]
pub(super) struct Clock {
    wall: SystemTime,
    monotonic: Instant,
    jumped: AtomicBool,
}

impl Clock {
    /// Maximum difference between the two clocks.
    const TOLERANCE: Duration = Duration::from_secs(3600);

    /// A clock that trusts the current wall-clock time.
    pub(super) fn new() -> Self {
        Self {
            wall: SystemTime::now(),
            monotonic: Instant::now(),
            jumped: AtomicBool::new(false),
        }
    }

    /// The current time.
    pub(super) fn now(&self) -> SystemTime {
        self.steady(SystemTime::now(), self.wall + self.monotonic.elapsed())
    }

    fn steady(&self, wall: SystemTime, expected: SystemTime) -> SystemTime {
        let difference = wall.duration_since(expected);
        let difference = difference.unwrap_or_else(|error| error.duration());
        let jumped = difference > Self::TOLERANCE;
        if self.jumped.swap(jumped, Ordering::Relaxed) != jumped {
            if jumped {
                warn!(
                    ?difference,
                    "the wall clock has jumped; observations are dated and retained as if it had not"
                );
            } else {
                info!("the wall clock agrees with the monotonic clock again");
            }
        }
        if jumped { expected } else { wall }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_are_ignored_and_small_corrections_followed() {
        let clock = Clock::new();
        let expected = SystemTime::now();
        let (minute, year) = (
            Duration::from_secs(60),
            Duration::from_secs(365 * 24 * 3600),
        );
        for wall in [expected + minute, expected - minute] {
            assert_eq!(clock.steady(wall, expected), wall);
        }
        for wall in [expected + year, expected - year] {
            assert_eq!(clock.steady(wall, expected), expected);
        }
        assert_eq!(clock.steady(expected, expected), expected);
    }
}
