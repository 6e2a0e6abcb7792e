//! Metrics of authentication.

use canopy_telemetry::families;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Registry};

use super::error::{InvalidCredential, LoginError};

/// A request without a valid token or key.
const UNAUTHENTICATED: &str = "unauthenticated";
/// A request from a user who lacks the required role.
const FORBIDDEN: &str = "forbidden";

families! {
    /// Metrics of authentication; all stay at zero if authentication is off.
    pub struct AuthMetrics {
        /// Tokens issued to users.
        issued: IntCounter = "auth_tokens_issued_total",
        /// Logins refused, by reason.
        refused_logins: IntCounterVec = "auth_logins_refused_total" ["reason"],
        /// Tokens and API keys rejected, by reason.
        rejected: IntCounterVec = "auth_tokens_rejected_total" ["reason"],
        /// Requests refused for lack of a valid credential or the required role, by reason.
        refused_requests: IntCounterVec = "auth_requests_refused_total" ["reason"],
        /// 1 while the file of users cannot be read or used, otherwise 0.
        users_file_unreadable: IntGauge = "auth_users_file_unreadable",
    }
}

impl AuthMetrics {
    /// Registers all metrics, at zero.
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

    /// The gauge of the file of users.
    pub(super) fn users_file_unreadable(&self) -> IntGauge {
        self.users_file_unreadable.clone()
    }

    /// Counts a token issued to a user.
    pub fn token_issued(&self) {
        self.issued.inc();
    }

    /// Counts a refused login.
    pub fn login_refused(&self, error: LoginError) {
        let reason = [error.reason()];
        self.refused_logins.with_label_values(&reason).inc();
    }

    /// Counts a rejected token or API key.
    pub fn credential_rejected(&self, error: InvalidCredential) {
        self.rejected.with_label_values(&[error.reason()]).inc();
    }

    /// Counts a request without a valid credential.
    pub fn unauthenticated(&self) {
        let reason = [UNAUTHENTICATED];
        self.refused_requests.with_label_values(&reason).inc();
    }

    /// Counts a request from a user who lacks the required role.
    pub fn forbidden(&self) {
        let reason = [FORBIDDEN];
        self.refused_requests.with_label_values(&reason).inc();
    }
}
