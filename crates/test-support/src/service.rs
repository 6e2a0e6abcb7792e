use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::Value;

/// How long anything may take before the test gives up.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A running host or retrainer, and the means to talk to it; killed when dropped.
pub struct Service {
    /// The process.
    pub process: Child,
    /// Where it listens.
    pub address: String,
    /// A client that gives up after [`PATIENCE`].
    pub client: Client,
    /// Lines of its log, as JSON.
    log: Mutex<mpsc::Receiver<Value>>,
}

impl Service {
    /// Runs `serve` on a free port, with a log in JSON, by a command that has or becomes the
    /// program; returns when it is ready.
    pub fn launch(mut command: Command, arguments: &[&str]) -> Self {
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
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut service = Self {
            process,
            address: String::new(),
            client,
            log: Mutex::new(log),
        };
        let ready = service.await_log("ready");
        service.address = ready["address"].as_str().unwrap().to_owned();
        service
    }

    /// Waits for a log line with this message.
    pub fn await_log(&self, message: &str) -> Value {
        self.await_line(message, |line| line["message"] == message)
    }

    /// Waits for a log line; `what` says which one, should it not come.
    pub fn await_line(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.log.lock().unwrap().recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{what:?} is not in the log"));
            if is_it(&line) {
                return line;
            }
        }
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The answer of a GET.
    pub fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().unwrap()
    }

    /// A POST to be sent.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    /// A bare connection.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// The value of a metric, as it is written with its labels; that of the only model where
    /// the label `model` is not among them.
    pub fn metric(&self, name: &str) -> Option<f64> {
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
    pub fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Service {
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
    canopy_client::install_tls_provider();
    Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        .build()
        .unwrap()
}
