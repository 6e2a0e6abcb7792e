//! `canopy probe` and `canopy example`: talking to a running host where there is no `curl`.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};

const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks a host whether it is ready.
///
/// # Errors
///
/// If there is no answer within two seconds or the host is not ready.
pub fn run(address: &str) -> anyhow::Result<()> {
    request(address, "GET", "/ready", "").map(drop)
}

/// Sends the serving model's own example record to a host and prints the request, as a line
/// for the shell, and the answer.
///
/// # Errors
///
/// If the host does not answer within two seconds or refuses the record.
pub fn example(address: &str) -> anyhow::Result<()> {
    let model: Value = serde_json::from_str(&request(address, "GET", "/model", "")?)?;
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
    println!("  curl http://{address}/predict -H 'content-type: application/json' -d '{record}'");
    println!("  {}", request(address, "POST", "/predict", &record)?);
    Ok(())
}

/// The body of a successful answer.
fn request(address: &str, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
    let ask = || -> std::io::Result<String> {
        let target = address.to_socket_addrs()?.next();
        let target = target.ok_or(std::io::ErrorKind::NotFound)?;
        let mut stream = TcpStream::connect_timeout(&target, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = ask().with_context(|| format!("no host answers at {address}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.lines().next().unwrap_or_default();
    if !status.contains(" 200 ") {
        bail!("the host at {address} answers {method} {path} with {status}");
    }
    Ok(body.to_owned())
}
