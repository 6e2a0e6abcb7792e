//! The outgoing webhook, which delegates training to another system.
//!
//! Its body is that of Airflow's API, by the path of the URL: of Airflow 3 below `/api/v2/`, where
//! `logical_date` is required, and of Airflow 2 otherwise. Airflow 3 authenticates with tokens, which
//! `/auth/token` issues.
//!
//! Source: <https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html>.

use std::collections::BTreeMap;
use std::env;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use serde_json::json;
use tracing::warn;

use super::alert::Alert;

/// Environment variable with the value of the Authorization header.
const HEADER: &str = "CANOPY_TRAINER_FORWARD_AUTHORIZATION";
/// Environment variables with the user name and the password that a token is issued for.
const LOGIN: [&str; 2] = [
    "CANOPY_TRAINER_FORWARD_USERNAME",
    "CANOPY_TRAINER_FORWARD_PASSWORD",
];
/// The part of a URL's path that tells Airflow 3 from Airflow 2.
const V2: &str = "/api/v2/";
/// Maximum length of a forwarded value in characters.
const VALUE: usize = 256;
/// Timeout of one attempt.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Pauses between attempts.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// The receiver that alerts are forwarded to.
#[derive(Debug)]
pub(crate) struct Forward {
    client: Client,
    url: Url,
    authorization: Option<HeaderValue>,
    login: Option<Login>,
}

/// Where a token is issued, and for whom.
struct Login {
    url: Url,
    username: String,
    password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login")
    }
}

/// The labels and annotations of an alert that are forwarded: those with these names, as long as their
/// values are short. Labels take precedence over annotations of the same name.
pub(super) fn selected(alert: &Alert, names: &[String]) -> BTreeMap<String, String> {
    let mut all = alert.annotations.clone();
    all.extend(alert.labels.clone());
    all.retain(|name, value| names.contains(name) && value.chars().count() <= VALUE);
    all
}

impl Forward {
    /// Creates the webhook for a URL, with the credential from the environment if there is one.
    ///
    /// # Errors
    ///
    /// If the URL or the credential is not valid.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let problem = || "--forward is not an HTTP URL";
        let url: Url = url.parse().with_context(problem)?;
        ensure!(matches!(url.scheme(), "http" | "https"), problem());
        let authorization = variable(HEADER)?.map(|text| {
            let value = HeaderValue::from_str(&text);
            value.with_context(|| format!("{HEADER} is not a valid header value"))
        });
        let login = match LOGIN.map(variable) {
            [Ok(Some(username)), Ok(Some(password))] => Some(Login {
                url: token_url(&url).with_context(|| {
                    format!("{} is for Airflow 3, but --forward has no {V2}", LOGIN[0])
                })?,
                username,
                password,
            }),
            [Ok(None), Ok(None)] => None,
            [Err(error), _] | [_, Err(error)] => return Err(error),
            _ => bail!(
                "{} and {} belong together: set both or neither",
                LOGIN[0],
                LOGIN[1]
            ),
        };
        Ok(Self {
            client: canopy_client::builder().timeout(TIMEOUT).build()?,
            url,
            authorization: authorization.transpose()?.map(sensitive),
            login,
        })
    }

    /// Posts the configuration of a DAG run and returns the status. Retries temporary failures (no connection, no
    /// response, 429, 5xx), with up to five attempts in total.
    ///
    /// # Errors
    ///
    /// If no attempt succeeds.
    pub(crate) async fn send(&self, conf: &BTreeMap<String, String>) -> Result<StatusCode> {
        let body = if self.url.path().contains(V2) {
            json!({ "logical_date": Timestamp::now(), "conf": conf })
        } else {
            json!({ "conf": conf })
        };
        let authorization = match &self.login {
            Some(login) => Some(self.token(login).await?),
            None => self.authorization.clone(),
        };
        let mut pauses = PAUSES.into_iter();
        loop {
            let mut request = self.client.post(self.url.clone()).json(&body);
            if let Some(value) = &authorization {
                request = request.header(AUTHORIZATION, value.clone());
            }
            let error = match request.send().await {
                Ok(answer) if answer.status().is_success() => return Ok(answer.status()),
                Ok(answer) => {
                    let status = answer.status();
                    let error = anyhow::anyhow!("the response is {status}");
                    if !(status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS) {
                        return Err(error);
                    }
                    error
                }
                // The URL may contain a password.
                Err(error) => error.without_url().into(),
            };
            let Some(pause) = pauses.next() else {
                bail!("gave up after {} attempts: {error:#}", PAUSES.len() + 1);
            };
            warn!(
                error = format!("{error:#}"),
                ?pause,
                "cannot forward the alert; retrying"
            );
            tokio::time::sleep(pause).await;
        }
    }

    /// Has a token issued.
    async fn token(&self, login: &Login) -> Result<HeaderValue> {
        #[derive(Deserialize)]
        struct Token {
            access_token: String,
        }

        let body = json!({ "username": login.username, "password": login.password });
        let request = self.client.post(login.url.clone()).json(&body);
        let answer = request.send().await.map_err(reqwest::Error::without_url);
        let answer = answer.context("cannot get a token")?;
        let status = answer.status();
        ensure!(
            status.is_success(),
            "cannot get a token: the response is {status}"
        );
        let token: Token = answer
            .json()
            .await
            .map_err(|_| anyhow!("the token is not valid"))?;
        let value = HeaderValue::from_str(&format!("Bearer {}", token.access_token));
        Ok(sensitive(value.context("the token is not valid")?))
    }
}

/// Where an Airflow 3 issues tokens.
fn token_url(url: &Url) -> Option<Url> {
    let (prefix, _) = url.path().split_once(V2)?;
    let mut token = url.clone();
    token.set_path(&format!("{prefix}/auth/token"));
    token.set_query(None);
    Some(token)
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// An environment variable; an empty one counts as not set.
fn variable(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(error).with_context(|| name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::alert::Status;
    use super::*;

    #[test]
    fn only_short_values_of_known_names_are_forwarded() {
        let text = |text: &str| text.to_owned();
        let alert = Alert {
            status: Status::Firing,
            labels: [
                (text("alertname"), text("Bad")),
                (text("dag_run_id"), text("../..")),
                (text("model"), "x".repeat(257)),
            ]
            .into(),
            annotations: [
                (text("alertname"), text("Other")),
                (text("summary"), text("s")),
            ]
            .into(),
            starts_at: Timestamp::UNIX_EPOCH,
            fingerprint: String::new(),
        };
        let names = ["alertname", "model"].map(text);
        let forwarded = selected(&alert, &names);
        assert_eq!(forwarded, [(text("alertname"), text("Bad"))].into());
    }

    #[test]
    fn tokens_are_issued_beside_the_api() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let token = token_url(&url("https://a.example/air/api/v2/dags/d/dagRuns?x=1"));
        assert_eq!(token, Some(url("https://a.example/air/auth/token")));
        assert_eq!(
            token_url(&url("https://a.example/api/v1/dags/d/dagRuns")),
            None
        );
    }
}
