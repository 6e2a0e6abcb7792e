//! The closed loop with the real Prometheus and Alertmanager: a badly predicted period fires an
//! alert, the alert retrains, the retrained model is swapped in, the alert resolves, and no
//! prediction is lost meanwhile.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use canopy_test_support::{HOUSE, Recipe, hours, needs, script};
use reqwest::blocking::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Time between two predictions of the traffic.
const INTERVAL: Duration = Duration::from_millis(10);
/// A week that a model of January knows nothing of.
const JUNE: &str = "2011-06-06..2011-06-12";
/// A week that it predicts well: one batch alone is not enough to judge by.
const FEBRUARY: &str = "2011-02-08..2011-02-14";
/// The alert that the week fires.
const ALERT: &str = "ModelRmseHigh";

#[test]
#[ignore = "needs Prometheus and Alertmanager"]
fn an_alert_retrains_and_swaps_the_model_while_requests_flow() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    needs!(
        "Prometheus and Alertmanager",
        script("stack-binaries.sh", &[])
    );
    let stack = Stack::start(&root);

    let week = hours(JUNE);
    let stop = AtomicBool::new(false);
    let (sent, failed) = thread::scope(|scope| {
        let traffic = scope.spawn(|| stack.send_traffic(&week, &stop));
        // Also if the loop fails: the scope waits for the traffic.
        let end = EndOfTraffic(&stop);
        stack.run_the_loop(&week);
        stack.check_dashboards(&root);
        drop(end);
        traffic.join().unwrap()
    });
    assert_eq!(failed, 0, "{failed} of {sent} predictions failed");
    assert!(sent > 100, "only {sent} predictions were sent");
    println!("{sent} predictions, none failed");
}

/// Ends the traffic when it is dropped.
struct EndOfTraffic<'a>(&'a AtomicBool);

impl Drop for EndOfTraffic<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The whole stack but Grafana, on free ports.
struct Stack {
    host: String,
    retrainer: String,
    prometheus: String,
    alertmanager: String,
    client: Client,
    programs: Vec<Child>,
    _folder: TempDir,
}

impl Stack {
    fn start(root: &Path) -> Self {
        canopy_client::install_tls_provider();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let spec = root.join("model-wasm/specs/bike-sharing.toml");
        let model = path("models/bike-sharing.wasm");
        let house = Recipe {
            spec: HOUSE,
            table: None,
            version: "1.0.0",
        };
        fs::create_dir(path("models")).unwrap();
        fs::copy(house.component(), &model).unwrap();

        let [host, retrainer, prometheus, alertmanager, node, blackbox] = free_addresses();
        let render = root.join("scripts/render-stack.sh");
        let status = Command::new(render)
            .args([Path::new("native"), &path("stack")])
            .env("CANOPY_INTERVAL", "1s")
            .env("CANOPY_ALERT_FOR", "1s")
            .env("BIKE_API_ADDRESS", &host)
            .env("RETRAINER_ADDRESS", &retrainer)
            .env("PROMETHEUS_ADDRESS", &prometheus)
            .env("ALERTMANAGER_ADDRESS", &alertmanager)
            .env("NODE_EXPORTER_ADDRESS", &node)
            .env("BLACKBOX_EXPORTER_ADDRESS", &blackbox)
            .status();
        assert!(status.unwrap().success());

        let tools = std::env::var_os("CANOPY_STACK_BINARIES")
            .map_or_else(|| root.join(".cache/stack"), PathBuf::from)
            .join("bin");
        let trainer = Path::new(env!("CARGO_BIN_EXE_canopy-trainer"));
        let canopy = trainer.with_file_name("canopy");
        assert!(
            canopy.exists(),
            "build the workspace as a whole: {canopy:?} is missing"
        );
        let observations = path("observations");
        let flag = |name: &str, value: &Path| format!("--{name}={}", value.display());
        let programs = vec![
            spawn(
                &canopy,
                &[
                    "serve".into(),
                    format!("--listen={host}"),
                    flag("model", &model),
                    flag("observations", &observations),
                    "--watch-interval=100ms".into(),
                ],
            ),
            spawn(
                trainer,
                &[
                    "serve".into(),
                    format!("--listen={retrainer}"),
                    flag("spec", &spec),
                    flag("model", &model),
                    flag("observations", &observations),
                    "--data=embedded".into(),
                ],
            ),
            spawn(
                &tools.join("prometheus"),
                &[
                    format!("--web.listen-address={prometheus}"),
                    flag("config.file", &path("stack/prometheus/prometheus.yml")),
                    flag("storage.tsdb.path", &path("prometheus")),
                ],
            ),
            spawn(
                &tools.join("alertmanager"),
                &[
                    format!("--web.listen-address={alertmanager}"),
                    "--cluster.listen-address=".into(),
                    flag("config.file", &path("stack/alertmanager/alertmanager.yml")),
                    flag("storage.path", &path("alertmanager")),
                ],
            ),
            spawn(
                &tools.join("node_exporter"),
                &[format!("--web.listen-address={node}")],
            ),
            spawn(
                &tools.join("blackbox_exporter"),
                &[
                    format!("--web.listen-address={blackbox}"),
                    flag("config.file", &path("stack/blackbox/blackbox.yml")),
                ],
            ),
        ];
        let stack = Self {
            host,
            retrainer,
            prometheus,
            alertmanager,
            client: Client::builder()
                .no_proxy()
                .timeout(PATIENCE)
                .build()
                .unwrap(),
            programs,
            _folder: folder,
        };
        for url in [
            format!("http://{}/ready", stack.host),
            format!("http://{}/health", stack.retrainer),
            format!("http://{}/-/ready", stack.prometheus),
            format!("http://{}/-/ready", stack.alertmanager),
        ] {
            wait(&url, || {
                let answer = stack.client.get(&url).send().ok()?;
                answer.status().is_success().then_some(())
            });
        }
        stack
    }

    fn run_the_loop(&self, week: &[Value]) {
        let version = self.version();
        wait("a silent alert", || {
            (self.alert_state() == Some("inactive".into())).then_some(())
        });
        self.evaluate(&hours(FEBRUARY));
        let before = self.evaluate(week);

        wait("a firing alert", || {
            (self.alert_state() == Some("firing".into())).then_some(())
        });
        wait("the alert in Alertmanager", || {
            self.is_in_alertmanager().then_some(())
        });
        let run = wait("a finished run", || {
            let runs = self.get(&format!("http://{}/runs", self.retrainer));
            let run = runs["runs"].as_array()?.first()?.clone();
            (run["state"] != "running").then_some(run)
        });
        assert_eq!(run["state"], "published", "{run}");
        assert_eq!(run["trigger"]["alertname"], ALERT, "{run}");
        let published = run["version"].as_str().unwrap();
        wait("the swap", || (self.version() == published).then_some(()));
        assert_ne!(published, version);

        let after = self.evaluate(week);
        println!("RMSE {before:.1}, after the retraining {after:.1}; {run}");
        assert!(after < 0.7 * before, "RMSE {after} after, {before} before");
        wait("a resolved alert", || {
            (self.alert_state() == Some("inactive".into())).then_some(())
        });
        wait("no alert in Alertmanager", || {
            (!self.is_in_alertmanager()).then_some(())
        });
    }

    /// Every panel of every dashboard has data, once there are enough scrapes for its rates.
    fn check_dashboards(&self, root: &Path) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut check = Command::new(root.join("deployment/check.sh"));
            let url = format!("http://{}", self.prometheus);
            let output = check.arg(url).output().unwrap();
            if output.status.success() {
                break;
            }
            let found = String::from_utf8_lossy(&output.stdout);
            assert!(Instant::now() < deadline, "{found}");
        }
    }

    /// Sends predictions at a steady rate; answers how many were sent, and how many failed.
    fn send_traffic(&self, week: &[Value], stop: &AtomicBool) -> (usize, usize) {
        let url = format!("http://{}/predict", self.host);
        let start = Instant::now();
        let (mut sent, mut failed) = (0, 0);
        for record in week.iter().cycle() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let due = start + INTERVAL * sent as u32;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let answer = self.client.post(&url).json(record).send();
            sent += 1;
            failed += usize::from(!answer.is_ok_and(|answer| answer.status() == 200));
        }
        (sent, failed)
    }

    /// Evaluates a week; answers its RMSE.
    fn evaluate(&self, week: &[Value]) -> f64 {
        let url = format!("http://{}/evaluate", self.host);
        let body = json!({"data": week, "evaluation_period_name": "june"});
        let answer = self.client.post(url).json(&body).send().unwrap();
        assert_eq!(answer.status(), 200);
        answer.json::<Value>().unwrap()["rmse"].as_f64().unwrap()
    }

    fn version(&self) -> String {
        let ready = self.get(&format!("http://{}/ready", self.host));
        ready["version"].as_str().unwrap().to_owned()
    }

    /// What Prometheus says of the alert: inactive, pending or firing.
    fn alert_state(&self) -> Option<String> {
        let rules = self.get(&format!(
            "http://{}/api/v1/rules?type=alert",
            self.prometheus
        ));
        let groups = rules["data"]["groups"].as_array()?.iter();
        let mut rules = groups
            .filter_map(|group| group["rules"].as_array())
            .flatten();
        let alert = rules.find(|rule| rule["name"] == ALERT)?;
        // Before its first evaluation a rule is inactive without having looked.
        (alert["health"] == "ok").then(|| alert["state"].as_str().unwrap().to_owned())
    }

    fn is_in_alertmanager(&self) -> bool {
        let url = format!("http://{}/api/v2/alerts?active=true", self.alertmanager);
        let alerts = self.get(&url);
        let mut alerts = alerts.as_array().unwrap().iter();
        alerts.any(|alert| alert["labels"]["alertname"] == ALERT)
    }

    fn get(&self, url: &str) -> Value {
        self.client.get(url).send().unwrap().json().unwrap()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for program in &mut self.programs {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

fn spawn(program: &Path, arguments: &[String]) -> Child {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Addresses that nobody listens on.
fn free_addresses<const N: usize>() -> [String; N] {
    let listeners: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().to_string())
}

/// Polls until there is something.
fn wait<T>(what: &str, mut poll: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = poll() {
            return found;
        }
        assert!(Instant::now() < deadline, "no {what} within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(50));
    }
}
