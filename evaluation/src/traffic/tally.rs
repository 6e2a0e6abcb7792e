use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::StatusCode;

/// Counts of requests by outcome.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) succeeded: u64,
    /// Unsuccessful responses, by status.
    pub(crate) refused: BTreeMap<u16, u64>,
    /// Requests without a response.
    pub(crate) lost: u64,
    /// Requests lost, valid requests that did not succeed and malformed ones without a 4xx status.
    pub(crate) unexpected: u64,
    /// Latency of every response, unordered.
    pub(crate) latencies: Vec<Duration>,
}

impl Tally {
    /// Counts one request; `bad` if it was malformed, `status` of the response if there was one.
    pub(crate) fn add(&mut self, bad: bool, status: Option<StatusCode>, latency: Duration) {
        let Some(status) = status else {
            self.lost += 1;
            self.unexpected += 1;
            return;
        };
        self.latencies.push(latency);
        if status.is_success() {
            self.succeeded += 1;
        } else {
            *self.refused.entry(status.as_u16()).or_default() += 1;
        }
        let expected = if bad {
            status.is_client_error()
        } else {
            status.is_success()
        };
        self.unexpected += u64::from(!expected);
    }

    /// Adds the counts of another tally.
    pub(crate) fn merge(&mut self, other: Self) {
        self.succeeded += other.succeeded;
        for (status, number) in other.refused {
            *self.refused.entry(status).or_default() += number;
        }
        self.lost += other.lost;
        self.unexpected += other.unexpected;
        self.latencies.extend(other.latencies);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_requests_must_succeed_and_malformed_ones_must_be_rejected() {
        let cases = [
            (false, Some(200), 0),
            (false, Some(422), 1),
            (false, Some(503), 1),
            (false, None, 1),
            (true, Some(422), 0),
            (true, Some(200), 1),
            (true, Some(500), 1),
            (true, None, 1),
        ];
        for (bad, status, unexpected) in cases {
            let mut tally = Tally::default();
            let received = status.map(|status| StatusCode::from_u16(status).unwrap());
            tally.add(bad, received, Duration::ZERO);
            assert_eq!(tally.unexpected, unexpected, "{bad} {status:?}");
        }
    }
}
