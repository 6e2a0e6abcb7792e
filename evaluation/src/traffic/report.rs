use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::tally::Tally;

/// Quantiles that are shown, with their names.
const QUANTILES: [(&str, f64); 5] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("max", 1.0),
];

/// Counts, rate and latencies of all requests.
pub(crate) struct Report {
    pub(crate) tally: Tally,
    sent: u64,
    seconds: f64,
    /// In milliseconds, in the order of [`QUANTILES`]; empty if there was no response.
    latencies: Vec<(&'static str, f64)>,
}

impl Report {
    pub(crate) fn new(mut tally: Tally, elapsed: Duration) -> Self {
        tally.latencies.sort_unstable();
        let latency = |quantile| at(&tally.latencies, quantile);
        let latencies = QUANTILES
            .into_iter()
            .filter_map(|(name, quantile)| Some((name, 1e3 * latency(quantile)?.as_secs_f64())))
            .collect();
        Self {
            sent: tally.lost + tally.latencies.len() as u64,
            seconds: elapsed.as_secs_f64(),
            latencies,
            tally,
        }
    }

    /// Requests sent per second.
    fn rate(&self) -> f64 {
        self.sent as f64 / self.seconds
    }

    pub(crate) fn json(&self) -> Value {
        let named = |(name, latency): &(&str, f64)| ((*name).to_owned(), (*latency).into());
        json!({
            "sent": self.sent,
            "succeeded": self.tally.succeeded,
            "refused": self.tally.refused,
            "lost": self.tally.lost,
            "unexpected": self.tally.unexpected,
            "seconds": self.seconds,
            "rate": self.rate(),
            "latency_ms": self.latencies.iter().map(named).collect::<Map<_, _>>(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            succeeded,
            refused,
            lost,
            unexpected,
            ..
        } = &self.tally;
        writeln!(
            f,
            "sent        {} in {:.1} s, {:.1}/s",
            self.sent,
            self.seconds,
            self.rate()
        )?;
        writeln!(f, "succeeded   {succeeded}")?;
        write!(f, "refused     {}", refused.values().sum::<u64>())?;
        for (status, number) in refused {
            write!(f, "  {status}: {number}")?;
        }
        writeln!(f, "\nlost        {lost}")?;
        writeln!(f, "unexpected  {unexpected}")?;
        write!(f, "latency ms")?;
        for (name, latency) in &self.latencies {
            write!(f, "  {name} {latency:.2}")?;
        }
        writeln!(f)
    }
}

/// The smallest value with at least this share of all values at or below it, if there is any.
fn at(sorted: &[Duration], quantile: f64) -> Option<Duration> {
    let rank = (quantile * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn report_has_counts_rate_and_quantiles() {
        let mut tally = Tally::default();
        for milliseconds in (1..=98).rev() {
            tally.add(
                false,
                Some(StatusCode::OK),
                Duration::from_millis(milliseconds),
            );
        }
        tally.add(
            true,
            Some(StatusCode::BAD_REQUEST),
            Duration::from_millis(99),
        );
        tally.add(
            true,
            Some(StatusCode::UNPROCESSABLE_ENTITY),
            Duration::from_millis(100),
        );
        tally.add(false, None, Duration::from_secs(10));
        assert_eq!(
            Report::new(tally, Duration::from_secs(2)).to_string(),
            "\
sent        101 in 2.0 s, 50.5/s
succeeded   98
refused     2  400: 1  422: 1
lost        1
unexpected  1
latency ms  p50 50.00  p90 90.00  p99 99.00  p99.9 100.00  max 100.00
"
        );
    }

    #[test]
    fn report_without_responses_has_no_latencies() {
        let mut tally = Tally::default();
        tally.add(false, None, Duration::from_secs(10));
        let report = Report::new(tally, Duration::from_secs(1));
        assert_eq!(report.json()["latency_ms"], json!({}));
    }
}
