//! Metrics of the door: who was let in and who was not.

use prometheus::{IntCounter, IntCounterVec};

use super::maker::Maker;
use crate::door::{LoginError, Rejected};

/// A request without a valid token or key.
const UNAUTHENTICATED: &str = "unauthenticated";
/// A request of a user without the role for it.
const FORBIDDEN: &str = "forbidden";

/// The metrics of the door; all stay at zero where there is no authentication.
pub struct DoorMetrics {
    issued: IntCounter,
    refused_logins: IntCounterVec,
    rejected: IntCounterVec,
    refused_requests: IntCounterVec,
}

impl DoorMetrics {
    pub(super) fn new(make: &Maker) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            issued: make.counter("auth_tokens_issued_total", "Tokens given to users.")?,
            refused_logins: make.counters(
                "auth_logins_refused_total",
                "Logins that were refused, by reason.",
                &["reason"],
            )?,
            rejected: make.counters(
                "auth_tokens_rejected_total",
                "Tokens and API keys that opened nothing, by reason.",
                &["reason"],
            )?,
            refused_requests: make.counters(
                "auth_requests_refused_total",
                "Requests that were refused for want of a token or of a role.",
                &["reason"],
            )?,
        };
        for (counter, reasons) in [
            (&metrics.refused_logins, &LoginError::REASONS[..]),
            (&metrics.rejected, &Rejected::REASONS),
            (&metrics.refused_requests, &[UNAUTHENTICATED, FORBIDDEN]),
        ] {
            for reason in reasons {
                counter.with_label_values(&[*reason]);
            }
        }
        Ok(metrics)
    }

    /// A user was given a token.
    pub fn token_issued(&self) {
        self.issued.inc();
    }

    /// A login was refused.
    pub fn login_refused(&self, error: LoginError) {
        let reason = [error.reason()];
        self.refused_logins.with_label_values(&reason).inc();
    }

    /// A token or key opened nothing.
    pub fn token_rejected(&self, error: Rejected) {
        self.rejected.with_label_values(&[error.reason()]).inc();
    }

    /// A request came without a token or key that opens anything.
    pub fn unauthenticated(&self) {
        let reason = [UNAUTHENTICATED];
        self.refused_requests.with_label_values(&reason).inc();
    }

    /// A request came from a user without the role for it.
    pub fn forbidden(&self) {
        let reason = [FORBIDDEN];
        self.refused_requests.with_label_values(&reason).inc();
    }
}
