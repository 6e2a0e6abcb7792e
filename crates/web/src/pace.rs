//! How fast clients must send and read.

use std::time::Duration;

use http::StatusCode;

use super::problem::Problem;

/// The pace that a client must keep: after `grace`, at least `rate` bytes per second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Time that costs no bytes.
    pub(super) grace: Duration,
    /// Bytes per second, at least 1.
    pub(super) rate: u64,
}

impl Pace {
    /// The time in which this many bytes must have been moved, and at least one more.
    pub(super) fn time_for(self, bytes: u64) -> Duration {
        let time = Duration::try_from_secs_f64(bytes as f64 / self.rate as f64);
        self.grace.saturating_add(time.unwrap_or(Duration::MAX))
    }

    /// Bytes that must be moved in the grace of a client that keeps the server waiting.
    pub(super) fn bytes_in_grace(self) -> u64 {
        (self.grace.as_secs_f64() * self.rate as f64) as u64
    }

    /// The problem of a client whose body stopped arriving after this many bytes.
    pub(super) fn late(self, bytes: u64) -> Problem {
        let Self { grace, rate } = self;
        let detail = format!(
            "the body did not arrive in time: {bytes} bytes came, and after {grace:?} it must come at \
             {rate} bytes per second or faster"
        );
        Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_gives_time() {
        let pace = Pace {
            grace: Duration::from_secs(2),
            rate: 1000,
        };
        assert_eq!(pace.time_for(0), Duration::from_secs(2));
        assert_eq!(pace.time_for(2500), Duration::from_millis(4500));
        assert_eq!(pace.bytes_in_grace(), 2000);
        let fastest = Pace {
            rate: u64::MAX,
            ..pace
        };
        assert!(fastest.time_for(u64::MAX) >= pace.grace);
    }
}
