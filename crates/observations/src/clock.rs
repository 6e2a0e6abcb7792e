//! A clock that does not jump.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tracing::{info, warn};

/// The wall clock, as long as it goes as the monotonic clock does.
///
/// A wall clock that is set wrong for a moment would make every batch look old, and date new ones
/// long ago. One that has moved further than [`Self::TRUST`] since the process began is therefore
/// not believed: time goes on as it began, until the wall clock is back or the process starts
/// again.
#[derive(Debug)]
pub(super) struct Clock {
    wall: SystemTime,
    monotonic: Instant,
    jumped: AtomicBool,
}

impl Clock {
    /// Most that the two clocks may differ.
    const TRUST: Duration = Duration::from_secs(3600);

    /// A clock that believes the wall clock as it is now.
    pub(super) fn new() -> Self {
        Self {
            wall: SystemTime::now(),
            monotonic: Instant::now(),
            jumped: AtomicBool::new(false),
        }
    }

    /// The time.
    pub(super) fn now(&self) -> SystemTime {
        self.steady(SystemTime::now(), self.wall + self.monotonic.elapsed())
    }

    fn steady(&self, wall: SystemTime, expected: SystemTime) -> SystemTime {
        let apart = wall.duration_since(expected);
        let apart = apart.unwrap_or_else(|error| error.duration());
        let jumped = apart > Self::TRUST;
        if self.jumped.swap(jumped, Ordering::Relaxed) != jumped {
            if jumped {
                warn!(
                    ?apart,
                    "the wall clock has jumped; observations are dated and kept as if it had not"
                );
            } else {
                info!("the wall clock is back");
            }
        }
        if jumped { expected } else { wall }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_are_not_believed_but_small_corrections_are() {
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
