//! Configuration of drift detection on live traffic.

use std::time::Duration;

use clap::Args;

/// Configuration of drift detection on live traffic.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Live drift")]
#[group(id = "live-config")]
pub struct Config {
    /// Number of predicted rows in the sliding window.
    #[arg(
        long = "live-window",
        env = "CANOPY_LIVE_WINDOW",
        default_value = "1000",
        value_name = "ROWS",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    window: u32,
    /// Interval between computations of the window's drift.
    #[arg(
        long = "live-interval",
        env = "CANOPY_LIVE_INTERVAL",
        default_value = "10s",
        value_name = "TIME"
    )]
    interval: humantime::Duration,
}

impl Config {
    /// Number of rows in the live window.
    #[must_use]
    pub fn window(&self) -> usize {
        self.window as usize
    }

    /// Interval between computations; at least a millisecond.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from(self.interval).max(Duration::from_millis(1))
    }
}
