//! Puts a challenger on trial at the host, which promotes it once it has proved itself.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::challenger::{Challenger, Start};
use super::folder::keep;
use crate::retraining::run::Verdict;

/// Environment variable with the API key of a user of the host who has the role `admin`.
const KEY: &str = "CANOPY_API_KEY";
/// Timeout of a request; the host compiles a component in at most a minute.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Folder for challengers, next to the model file: one of them is the champion once it is promoted.
const FOLDER: &str = "challengers";

/// A host that serves the model.
#[derive(Debug)]
pub(crate) struct Host {
    client: Client,
    url: Url,
    key: Option<HeaderValue>,
    /// The query of the trial's plan.
    trial: String,
    /// The names by which the host may know the model.
    names: Vec<String>,
    /// The model file.
    model: PathBuf,
}

/// What the host says of a model.
#[derive(Debug, Deserialize)]
struct Described {
    version: String,
    component: Component,
    candidate: Option<Candidate>,
}

#[derive(Debug, Deserialize)]
struct Component {
    digest: String,
}

#[derive(Debug, Deserialize)]
struct Candidate {
    version: String,
}

impl Host {
    /// Creates the client of a host, with the API key from the environment if it is set.
    ///
    /// # Errors
    ///
    /// If the URL or the key is not valid.
    pub(super) fn new(url: &str, trial: &str, names: &[String], model: PathBuf) -> Result<Self> {
        let problem = || "--host is not an HTTP URL, such as http://127.0.0.1:8080";
        let mut url: Url = url.parse().with_context(problem)?;
        ensure!(matches!(url.scheme(), "http" | "https"), problem());
        // Paths are appended to it.
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let key = match env::var(KEY) {
            Ok(text) => {
                let key = HeaderValue::from_str(&text);
                let mut key = key.with_context(|| format!("{KEY} is not a valid header value"))?;
                key.set_sensitive(true);
                Some(key)
            }
            Err(env::VarError::NotPresent) => None,
            Err(error) => return Err(error).context(KEY),
        };
        Ok(Self {
            client: canopy_client::builder().timeout(TIMEOUT).build()?,
            url,
            key,
            trial: trial.to_owned(),
            names: names.to_vec(),
            model,
        })
    }

    /// Finds the component that the host serves: the model file, or a challenger that was promoted.
    ///
    /// # Errors
    ///
    /// If the host does not answer or serves another component.
    pub(super) async fn start(&self) -> Result<Start> {
        let (name, described) = self.describe().await?;
        if let Some(candidate) = described.candidate {
            return Ok(Start::Skip(format!(
                "{} of {name} is still on trial at the host; promote or withdraw it first",
                candidate.version
            )));
        }
        let digest = described.component.digest;
        let digest = digest.strip_prefix("sha256:").unwrap_or(&digest);
        let challenger = self.challenger(digest);
        for file in [&self.model, &challenger] {
            let bytes = fs::read(file).ok();
            if bytes.is_some_and(|bytes| format!("{:x}", Sha256::digest(bytes)) == digest) {
                return Ok(Start::Champion(file.clone()));
            }
        }
        bail!(
            "the host serves {} of {name}, which is not {}: copy its component to {}",
            described.version,
            self.model.display(),
            challenger.display()
        )
    }

    /// Puts a challenger on trial.
    ///
    /// # Errors
    ///
    /// If the host refuses it, or the component cannot be kept.
    pub(super) async fn propose(
        &self,
        challenger: &Challenger<'_>,
    ) -> Result<(Verdict, Option<String>)> {
        let (name, described) = self.describe().await?;
        let served = described.component.digest;
        let champion = challenger
            .champion
            .map(|it| format!("sha256:{}", it.digest));
        ensure!(
            champion.as_deref() == Some(&*served) && described.candidate.is_none(),
            "the host was given another version of {name} while the challenger was trained"
        );
        let file = self.challenger(challenger.digest);
        let warning = keep(&file, challenger.component).context("cannot keep the challenger")?;
        let mut url = self.path(&format!("models/{name}/candidate"))?;
        url.set_query(Some(&self.trial));
        let request = self
            .client
            .put(url)
            .header(CONTENT_TYPE, "application/wasm");
        let request = request.body(challenger.component.to_vec());
        self.send(request)
            .await
            .context("the host cannot try the challenger out")?;
        let at = self.path(&format!("models/{name}"))?;
        let verdict = Verdict::Proposed(format!(
            "the challenger is on trial; {at} shows how it does"
        ));
        Ok((verdict, warning))
    }

    /// The name and the description of the model at the host.
    async fn describe(&self) -> Result<(&str, Described)> {
        for name in &self.names {
            let request = self.client.get(self.path(&format!("models/{name}"))?);
            match self.send(request).await {
                Ok(text) => {
                    let described = serde_json::from_slice(&text);
                    return Ok((name, described.context("the host's answer is not valid")?));
                }
                Err(Refused::Status(StatusCode::NOT_FOUND, _)) => {}
                Err(error) => return Err(error).context("cannot ask the host for the champion"),
            }
        }
        bail!("the host has no model {}", self.names.join(" or "))
    }

    async fn send(&self, mut request: RequestBuilder) -> Result<Vec<u8>, Refused> {
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key.clone());
        }
        let response = request.send().await.map_err(Refused::of)?;
        let status = response.status();
        let body = response.bytes().await.map_err(Refused::of)?;
        if status.is_success() {
            return Ok(body.to_vec());
        }
        Err(Refused::Status(status, detail(&body)))
    }

    fn path(&self, path: &str) -> Result<Url> {
        Ok(self.url.join(path)?)
    }

    fn challenger(&self, digest: &str) -> PathBuf {
        let file = format!("{digest}.wasm");
        self.model.with_file_name(FOLDER).join(file)
    }
}

/// Why a request to the host failed.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the response is {0}: {1}")]
    Status(StatusCode, String),
    #[error("the host does not answer")]
    Failed(#[source] reqwest::Error),
}

impl Refused {
    /// Without the URL, which may contain a password.
    fn of(error: reqwest::Error) -> Self {
        Self::Failed(error.without_url())
    }
}

/// The detail of a problem (RFC 9457), or the beginning of another body.
fn detail(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Problem {
        detail: String,
    }
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => problem.detail,
        Err(_) => String::from_utf8_lossy(body).chars().take(200).collect(),
    }
}
