//! Latency histograms for the console.

use prometheus::proto::Histogram;
use serde::Serialize;
use utoipa::ToSchema;

/// A cumulative latency histogram since the start of the host. Subtract two readings to get the
/// histogram of the time between them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Latencies {
    /// Upper bounds in seconds, ascending.
    pub bounds: Vec<f64>,
    /// Number of durations up to each bound, then the total number.
    pub counts: Vec<u64>,
}

impl Latencies {
    /// No durations, in buckets with these upper bounds in seconds.
    #[must_use]
    pub fn new(bounds: &[f64]) -> Self {
        Self {
            bounds: bounds.to_vec(),
            counts: vec![0; bounds.len() + 1],
        }
    }

    /// Adds a histogram with the same bounds.
    pub fn add(&mut self, histogram: &Histogram) {
        let buckets = histogram.get_bucket().iter();
        let total = histogram.get_sample_count();
        let cumulative = buckets.map(|bucket| bucket.cumulative_count());
        for (count, more) in self.counts.iter_mut().zip(cumulative.chain([total])) {
            *count += more;
        }
    }
}
