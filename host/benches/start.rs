//! How long `canopy serve` takes from its start to the first answer of `/ready`, with compiled
//! code in its cache and without.

#![expect(clippy::unwrap_used, reason = "a measurement may panic")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use canopy_dataset::Source;
use canopy_trainer::{TrainArguments, train};
use tempfile::TempDir;

const ROUNDS: usize = 15;

fn main() {
    let folder = TempDir::new().unwrap();
    let model = folder.path().join("model.wasm");
    let spec = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../model-wasm/specs/bike-sharing.toml"
    );
    train(&TrainArguments {
        spec: spec.into(),
        output: model.clone(),
        data: Source::Embedded,
        threads: None,
        version: None,
    })
    .unwrap();
    let cache = folder.path().join("cache");
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let _ = std::fs::remove_dir_all(&cache);
        cold.push(start(&model, &cache));
        warm.push(start(&model, &cache));
    }
    let (cold, warm) = (Spread::of(cold), Spread::of(warm));
    println!("start to ready, {ROUNDS} rounds, median (fastest to slowest):");
    println!("  without compiled code  {cold}");
    println!("  with compiled code     {warm}");
    let ratio = cold.median.as_secs_f64() / warm.median.as_secs_f64();
    println!("  ratio                  {ratio:.1}");
}

/// Starts the host and waits until `/ready` has answered.
fn start(model: &Path, cache: &Path) -> Duration {
    let begin = Instant::now();
    let mut process = Command::new(env!("CARGO_BIN_EXE_canopy"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
        .arg("--model")
        .arg(model)
        .arg("--cache")
        .arg(cache)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let address = lines.find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        (line["message"] == "ready").then(|| line["address"].as_str().unwrap().to_owned())
    });
    let mut stream = TcpStream::connect(address.unwrap()).unwrap();
    stream
        .write_all(b"GET /ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let duration = begin.elapsed();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    process.kill().unwrap();
    process.wait().unwrap();
    duration
}

/// Durations in short.
struct Spread {
    median: Duration,
    fastest: Duration,
    slowest: Duration,
}

impl Spread {
    fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self {
            median: durations[durations.len() / 2],
            fastest: durations[0],
            slowest: durations[durations.len() - 1],
        }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [median, fastest, slowest] =
            [self.median, self.fastest, self.slowest].map(|d| d.as_secs_f64() * 1e3);
        write!(f, "{median:7.1} ms ({fastest:.1} to {slowest:.1})")
    }
}
