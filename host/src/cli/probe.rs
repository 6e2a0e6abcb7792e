//! `canopy probe` and `canopy example`: requests to a running host, where there is no `curl`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use canopy_web::Listen;
use clap::Args;
use serde_json::{Map, Value};

use super::pinned;

const TIMEOUT: Duration = Duration::from_secs(2);

/// A running host, named as it was itself told.
#[derive(Debug, Args)]
pub struct Target {
    /// Where the host listens, in any form that its own `--listen` takes.
    #[arg(
        long,
        env = "CANOPY_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS"
    )]
    address: Listen,
    /// Certificate of the host, if it has one; no other is trusted.
    #[arg(long, env = "CANOPY_TLS_CERTIFICATE", value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
    /// API key, if the host asks for one.
    #[arg(long, env = "CANOPY_API_KEY", hide_env_values = true)]
    key: Option<String>,
}

/// Checks whether a host is ready.
///
/// # Errors
///
/// If the host does not answer within two seconds or is not ready.
pub fn run(target: &Target) -> anyhow::Result<()> {
    request(target, "GET", "/ready", "").map(drop)
}

/// Sends the serving model's example record to a host and prints the request, as a shell
/// command, and the response.
///
/// # Errors
///
/// If the host does not answer within two seconds or rejects the record.
pub fn example(target: &Target) -> anyhow::Result<()> {
    let model: Value = serde_json::from_str(&request(target, "GET", "/model", "")?)?;
    let features = model["features"]
        .as_array()
        .context("a model has features")?;
    let record: Map<String, Value> = features
        .iter()
        .map(|feature| {
            (
                feature["name"].as_str().unwrap_or_default().to_owned(),
                feature["example"].clone(),
            )
        })
        .collect();
    let record = Value::Object(record).to_string();
    let scheme = target.tls_certificate.as_ref().map_or("http", |_| "https");
    let key = target
        .key
        .as_ref()
        .map_or("", |_| " -H \"x-api-key: $CANOPY_API_KEY\"");
    println!(
        "  curl {scheme}://{}/predict{key} -H 'content-type: application/json' -d '{record}'",
        target.address.to_connect()
    );
    println!("  {}", request(target, "POST", "/predict", &record)?);
    Ok(())
}

/// Sends a request and returns the body of the response if it succeeded.
fn request(target: &Target, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
    let address = target.address.to_connect();
    let answer = ask(target, method, path, body);
    let answer = answer.with_context(|| format!("no host answers at {address}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.lines().next().unwrap_or_default();
    if !status.contains(" 200 ") {
        bail!("the host at {address} answers {method} {path} with {status}");
    }
    Ok(body.to_owned())
}

fn ask(target: &Target, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
    let address = target.address.to_connect();
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let key = target.key.as_ref();
    let key = key.map_or_else(String::new, |key| format!("x-api-key: {key}\r\n"));
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{key}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    match &target.tls_certificate {
        None => exchange(stream, &request),
        Some(certificate) => exchange(pinned::connect(stream, certificate)?, &request),
    }
}

fn exchange(mut stream: impl Read + Write, request: &str) -> anyhow::Result<String> {
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
