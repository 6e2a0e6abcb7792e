//! A running `canopy` and the means to talk to it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::Value;

/// The binary under test.
pub(crate) const CANOPY: &str = env!("CARGO_BIN_EXE_canopy");

/// How long anything may take before the test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A `canopy serve` on a free port; killed when dropped.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: String,
    pub(crate) client: Client,
    /// Lines of its log, as JSON.
    log: Mutex<mpsc::Receiver<Value>>,
}

impl Server {
    /// Serves a component file with further arguments; returns when it is ready.
    pub(crate) fn start(model: &Path, arguments: &[&str]) -> Self {
        Self::spawn(&[&["--model", model.to_str().unwrap()], arguments].concat())
    }

    /// Serves with these arguments; returns when it is ready.
    pub(crate) fn spawn(arguments: &[&str]) -> Self {
        Self::launch(Command::new(CANOPY), arguments)
    }

    /// As [`Self::spawn`], with a command that becomes `canopy`.
    pub(crate) fn launch(mut command: Command, arguments: &[&str]) -> Self {
        let client = client();
        let mut process = command
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(process.stderr.take().unwrap());
        let (sender, log) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut server = Self {
            process,
            address: String::new(),
            client,
            log: Mutex::new(log),
        };
        let ready = server.await_log("ready");
        server.address = ready["address"].as_str().unwrap().to_owned();
        server
    }

    /// Waits for a log line with this message.
    pub(crate) fn await_log(&self, message: &str) -> Value {
        self.await_line(message, |line| line["message"] == message)
    }

    /// Waits for a log line.
    pub(crate) fn await_line(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.log.lock().unwrap().recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{what:?} is not in the log"));
            if is_it(&line) {
                return line;
            }
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().unwrap()
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    /// Posts JSON; answers status and body.
    pub(crate) fn post_json(&self, path: &str, body: &Value) -> (u16, Value) {
        self.post_text(path, body.to_string())
    }

    /// Posts text as JSON; answers status and body.
    pub(crate) fn post_text(&self, path: &str, body: impl Into<String>) -> (u16, Value) {
        let request = self.post(path).header("content-type", "application/json");
        let response = request.body(body.into()).send().unwrap();
        (response.status().as_u16(), response.json().unwrap())
    }

    /// A bare connection.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// The value of a metric, as it is written with its labels; that of the only model where
    /// the label `model` is not among them.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let text = self.get("/metrics").text().unwrap();
        let (wanted, labels) = labels(name);
        let mut lines = text.lines().filter_map(|line| line.rsplit_once(' '));
        let (_, value) = lines.find(|(series, _)| {
            let (name, mut found) = self::labels(series);
            found.retain(|label| labels.contains(label) || !label.starts_with("model="));
            name == wanted && found == labels
        })?;
        value.parse().ok()
    }

    /// Sends a signal to the process.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The name of a series and its labels, in order.
fn labels(series: &str) -> (&str, Vec<&str>) {
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let labels = labels.trim_end_matches('}').split(',');
    let mut labels: Vec<&str> = labels.filter(|label| !label.is_empty()).collect();
    labels.sort_unstable();
    (name, labels)
}

fn client() -> Client {
    // The client is built with TLS, which it does not use here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        .build()
        .unwrap()
}

/// Runs `canopy` to its end; answers whether it succeeded, and what it printed.
pub(crate) fn run(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(CANOPY).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.success(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Resident memory of a process in bytes.
pub(crate) fn resident(process: &Child) -> u64 {
    let mut status = String::new();
    let path = format!("/proc/{}/status", process.id());
    fs::File::open(path)
        .unwrap()
        .read_to_string(&mut status)
        .unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
