use std::io::Read;
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use reqwest::StatusCode;
use reqwest::blocking::Client;

use crate::error::DatasetError;

/// Number of attempts at a download.
const ATTEMPTS: u32 = 3;

/// Time limit of one attempt.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Downloads at most `limit` bytes. Retries if the server or the network fails: after `pause`,
/// then after twice as long.
pub(crate) fn download(
    url: &str,
    limit: u64,
    mut pause: Duration,
    progress: &ProgressBar,
) -> Result<Vec<u8>, DatasetError> {
    canopy_client::install_tls_provider();
    let client = Client::builder()
        .user_agent(concat!("canopy/", env!("CARGO_PKG_VERSION")))
        .https_only(url.starts_with("https:"))
        .timeout(TIME_LIMIT)
        .build()
        .map_err(|source| failed(url, source))?;
    for _ in 1..ATTEMPTS {
        match attempt(&client, url, limit, progress) {
            Err(error) if is_transient(&error) => thread::sleep(pause),
            outcome => return outcome,
        }
        pause *= 2;
    }
    attempt(&client, url, limit, progress)
}

fn attempt(
    client: &Client,
    url: &str,
    limit: u64,
    progress: &ProgressBar,
) -> Result<Vec<u8>, DatasetError> {
    let response = client
        .get(url)
        .send()
        .and_then(|response| response.error_for_status())
        .map_err(|source| failed(url, source))?;
    show(progress, response.content_length());
    let mut bytes = Vec::new();
    let outcome = progress
        .wrap_read(response.take(limit))
        .read_to_end(&mut bytes);
    progress.finish_and_clear();
    match outcome {
        Ok(_) => Ok(bytes),
        Err(source) => Err(DatasetError::Interrupted {
            url: url.into(),
            source,
        }),
    }
}

/// Whether retrying the request may succeed.
fn is_transient(error: &DatasetError) -> bool {
    match error {
        DatasetError::Interrupted { .. } => true,
        DatasetError::Download { source, .. } => source.status().is_none_or(|status| {
            status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
        }),
        _ => false,
    }
}

fn failed(url: &str, source: reqwest::Error) -> DatasetError {
    DatasetError::Download {
        url: url.into(),
        // The error's own message names the address.
        source: source.without_url(),
    }
}

/// Starts the progress bar of an attempt; `length` is in bytes, if the server sent it.
fn show(progress: &ProgressBar, length: Option<u64>) {
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes}") {
        progress.set_style(style);
    }
    progress.reset();
    progress.set_message("bike-sharing table");
    progress.set_length(length.unwrap_or_default());
}
