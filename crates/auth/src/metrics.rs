//! Metrics of authentication.

use canopy_telemetry::families;
use prometheus::{IntCounter, IntCounterVec, Registry};

use super::error::{InvalidCredential, LoginError};

/// A request without a valid token or key.
const UNAUTHENTICATED: &str = "unauthenticated";
/// A request of a user without the role for it.
const FORBIDDEN: &str = "forbidden";

families! {
    /// Metrics of authentication; all stay at zero where there are no users.
    pub struct AuthMetrics {
        /// Tokens given to users.
        issued: IntCounter = "auth_tokens_issued_total",
        /// Logins that were refused, by reason.
        refused_logins: IntCounterVec = "auth_logins_refused_total" ["reason"],
        /// Tokens and API keys that were not accepted, by reason.
        rejected: IntCounterVec = "auth_tokens_rejected_total" ["reason"],
        /// Requests that were refused for lack of a credential or of a role.
        refused_requests: IntCounterVec = "auth_requests_refused_total" ["reason"],
    }
}

impl AuthMetrics {
    /// All metrics, at zero.
    ///
    /// # Errors
    ///
    /// If the registry has a metric of the same name.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self::register(registry)?;
        for (counter, reasons) in [
            (&metrics.refused_logins, &LoginError::REASONS[..]),
            (&metrics.rejected, &InvalidCredential::REASONS),
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

    /// A token or key was not accepted.
    pub fn credential_rejected(&self, error: InvalidCredential) {
        self.rejected.with_label_values(&[error.reason()]).inc();
    }

    /// A request came without a valid credential.
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
