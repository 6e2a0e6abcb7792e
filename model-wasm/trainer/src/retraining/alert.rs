//! Notifications of Alertmanager: its webhook format, version 4.
//!
//! Source: <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

/// The supported version of the format.
const VERSION: &str = "4";

/// A notification, reduced to the fields that are used.
#[derive(Debug, Deserialize)]
pub(crate) struct Webhook {
    /// The alerts of one group.
    pub(crate) alerts: Vec<Alert>,
}

/// One alert of a notification.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alert {
    /// Whether it is firing.
    pub(crate) status: Status,
    /// Labels, which identify it.
    pub(crate) labels: BTreeMap<String, String>,
    /// Annotations, which describe it.
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
    /// When it started firing.
    pub(crate) starts_at: Timestamp,
    /// Hash of the labels.
    pub(crate) fingerprint: String,
}

/// The status of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Firing,
    Resolved,
}

impl Webhook {
    /// Parses a notification.
    ///
    /// # Errors
    ///
    /// If the body is not a notification of the supported version; the message is for the client.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            version: String,
        }

        let invalid = |error: serde_json::Error| {
            format!("the body is not an Alertmanager notification: {error}")
        };
        let head: Head = serde_json::from_slice(body).map_err(invalid)?;
        if head.version != VERSION {
            return Err(format!(
                "the notification has version {:?}, expected {VERSION:?}",
                head.version
            ));
        }
        serde_json::from_slice(body).map_err(invalid)
    }
}

impl Alert {
    /// The name of the alert; empty if it has none.
    pub(crate) fn name(&self) -> &str {
        self.labels.get("alertname").map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_is_parsed() {
        let body = br#"{"receiver":"retrainer","status":"firing","alerts":[{"status":"firing",
            "labels":{"alertname":"ModelRmseHigh","severity":"warning"},
            "annotations":{"summary":"The model is bad"},
            "startsAt":"2024-05-01T12:00:00.5+02:00","endsAt":"0001-01-01T00:00:00Z",
            "generatorURL":"http://prometheus:9090/graph","fingerprint":"c0ffee"}],
            "groupLabels":{},"commonLabels":{},"commonAnnotations":{},
            "externalURL":"http://alertmanager:9093","version":"4","groupKey":"{}",
            "truncatedAlerts":0}"#;
        let alert = Webhook::parse(body).unwrap().alerts.remove(0);
        assert_eq!(alert.name(), "ModelRmseHigh");
        assert_eq!(alert.status, Status::Firing);
        assert_eq!(alert.starts_at.to_string(), "2024-05-01T10:00:00.5Z");
    }

    #[test]
    fn errors_name_the_problem() {
        for (body, part) in [
            ("", "EOF"),
            ("[]", "expected"),
            ("{}", "missing field `version`"),
            (r#"{"version":"5"}"#, "version \"5\", expected \"4\""),
            (r#"{"version":"4"}"#, "missing field `alerts`"),
            (
                r#"{"version":"4","alerts":[{"status":"firing"}]}"#,
                "missing field `labels`",
            ),
        ] {
            let error = Webhook::parse(body.as_bytes()).unwrap_err();
            assert!(error.contains(part), "{body}: {error}");
        }
    }
}
