//! Histograms as the console reads them.

use prometheus::proto::Histogram;
use serde::Serialize;

/// How often something took how long, since the start. What lies between two readings is their
/// difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Latencies {
    /// Upper bounds in seconds, ascending.
    pub bounds: Vec<f64>,
    /// How often it took at most so long, by bound; the last count is that of all.
    pub counts: Vec<u64>,
}

impl Latencies {
    pub(super) fn new(bounds: &[f64]) -> Self {
        Self {
            bounds: bounds.to_vec(),
            counts: vec![0; bounds.len() + 1],
        }
    }

    /// Adds a histogram with these bounds.
    pub(super) fn add(&mut self, histogram: &Histogram) {
        let buckets = histogram.get_bucket().iter();
        let all = histogram.get_sample_count();
        let cumulative = buckets.map(|bucket| bucket.cumulative_count());
        for (count, more) in self.counts.iter_mut().zip(cumulative.chain([all])) {
            *count += more;
        }
    }
}
