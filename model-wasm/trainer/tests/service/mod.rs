//! A running `canopy-trainer serve`, the files it works on, and the means to talk to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use canopy_dataset::{Period, Source, bike_sharing, slice};
use canopy_observations::{Batch, Origin, Retention, Store, Targets};
use canopy_runtime::{Component, Limits, Model, Runtime};
use canopy_test_support::PATIENCE;
use canopy_trainer::{Spec, TrainArguments, train};
use indicatif::ProgressBar;
use reqwest::blocking::Response;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Three weeks of June 2011, which a model of January knows nothing of.
pub(crate) const JUNE: [&str; 3] = [
    "2011-06-01..2011-06-07",
    "2011-06-08..2011-06-14",
    "2011-06-15..2011-06-21",
];

/// A folder with a served model and observations.
pub(crate) struct Workplace {
    folder: TempDir,
    spec: PathBuf,
}

impl Workplace {
    /// For the house model, without a model and without observations.
    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            spec: Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/bike-sharing.toml"),
        }
    }

    /// With the house model, trained on January 2011.
    pub(crate) fn with_model() -> Self {
        let workplace = Self::empty();
        workplace.train(Source::Embedded, None);
        workplace
    }

    /// With the house model as another version.
    pub(crate) fn with_version(version: &str) -> Self {
        let workplace = Self::empty();
        workplace.train(Source::Embedded, Some(version.to_owned()));
        workplace
    }

    /// With the house model, and these lines under `[retraining]` of its specification.
    pub(crate) fn with_settings(settings: &str) -> Self {
        let mut workplace = Self::empty();
        let text = fs::read_to_string(&workplace.spec).unwrap();
        workplace.spec = workplace.folder.path().join("spec.toml");
        let text = text.replace("[retraining]", &format!("[retraining]\n{settings}"));
        fs::write(&workplace.spec, text).unwrap();
        workplace.train(Source::Embedded, None);
        workplace
    }

    /// With a model of another specification, trained on a CSV file.
    pub(crate) fn with_other_model(spec: &str, file: &str, rows: &str) -> Self {
        let mut workplace = Self::empty();
        workplace.spec = workplace.folder.path().join("spec.toml");
        fs::write(&workplace.spec, spec).unwrap();
        fs::write(workplace.folder.path().join(file), rows).unwrap();
        workplace.train(Source::Default, None);
        workplace
    }

    fn train(&self, data: Source, version: Option<String>) {
        train(&TrainArguments {
            spec: self.spec.clone(),
            output: self.model(),
            data,
            threads: None,
            version,
        })
        .unwrap();
    }

    /// The served file.
    pub(crate) fn model(&self) -> PathBuf {
        self.folder.path().join("models/model.wasm")
    }

    /// The served file, loaded as a host does.
    pub(crate) fn load(&self) -> Model {
        let runtime = Runtime::new(&Limits::default(), None).unwrap();
        runtime
            .load(&Component::new(fs::read(self.model()).unwrap()))
            .unwrap()
    }

    /// Names of the components that served before.
    pub(crate) fn previous(&self) -> Vec<String> {
        let folder = self.model().with_file_name("previous");
        let files = fs::read_dir(folder).into_iter().flatten();
        files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// The file of the newest batch of observations.
    pub(crate) fn newest_observations(&self) -> PathBuf {
        let files = fs::read_dir(self.observations()).unwrap();
        files.map(|file| file.unwrap().path()).max().unwrap()
    }

    /// Names in the folder of the served file.
    pub(crate) fn models(&self) -> Vec<String> {
        let files = fs::read_dir(self.model().parent().unwrap()).unwrap();
        files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// The folder of the observations.
    pub(crate) fn observations(&self) -> PathBuf {
        self.folder.path().join("observations")
    }

    /// Observes a period of the house data, as a host does.
    pub(crate) fn observe(&self, period: &str) {
        self.observe_batch(&batch(&self.spec, period));
    }

    /// Observes a batch, as a host does.
    pub(crate) fn observe_batch(&self, batch: &Batch) {
        let retention = Retention {
            age: Duration::from_secs(1_000_000),
            size: 1 << 30,
            rows: u64::MAX,
        };
        let store = Store::open(&self.observations(), retention).unwrap();
        store.append(batch, &Origin::default()).unwrap();
    }

    /// The records of a period of the house data, several times, with a wrong true value.
    pub(crate) fn poison(&self, period: &str, times: usize, target: f64) -> Batch {
        let mut batch = batch(&self.spec, period);
        let rows = times * batch.rows();
        for (_, values) in &mut batch.features {
            *values = values.repeat(times);
        }
        batch.targets = Targets::Numbers(vec![target; rows]);
        batch
    }

    /// Starts the service on a free port.
    pub(crate) fn serve(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Service {
        Service::start(self, arguments, environment)
    }
}

/// The labelled rows of a period.
fn batch(spec: &Path, period: &str) -> Batch {
    let spec = Spec::load(spec).unwrap();
    let loaded = bike_sharing(&Source::Embedded, None, &ProgressBar::hidden()).unwrap();
    let period: Period = period.parse().unwrap();
    let frame = slice(&loaded.frame, "dteday", period).unwrap();
    let column = |name: &str| -> Vec<f64> {
        let column = frame.column(name).unwrap();
        let values = (0..column.len()).map(|row| column.get(row).unwrap());
        values.map(|value| value.extract().unwrap()).collect()
    };
    let features = spec.features.iter();
    Batch {
        features: features
            .map(|feature| (feature.name.clone(), column(&feature.name)))
            .collect(),
        targets: Targets::Numbers(column(&spec.target)),
        target: spec.target,
    }
}

/// A running service; killed when dropped.
pub(crate) struct Service(canopy_test_support::Service);

impl Service {
    fn start(workplace: &Workplace, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_canopy-trainer"));
        command
            // In place of whatever the developer's own environment says.
            .env("NO_PROXY", "*")
            .env("CANOPY_DATA", "default")
            .envs(environment.iter().copied());
        let (model, observations) = (workplace.model(), workplace.observations());
        let files = [
            ("--spec", &workplace.spec),
            ("--model", &model),
            ("--observations", &observations),
        ];
        let files = files.map(|(flag, path)| [flag, path.to_str().unwrap()]);
        let arguments = [files.as_flattened(), arguments].concat();
        Self(canopy_test_support::Service::launch(command, &arguments))
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.0.get(path)
    }

    /// Posts a text; answers status and JSON.
    pub(crate) fn post(&self, path: &str, body: impl ToString) -> (u16, Value) {
        let answer = self.0.post(path).body(body.to_string()).send().unwrap();
        (answer.status().as_u16(), answer.json().unwrap())
    }

    /// Waits until the newest run has ended.
    pub(crate) fn ended_run(&self) -> Value {
        let start = Instant::now();
        loop {
            let mut runs: Value = self.get("/runs").json().unwrap();
            let run = runs["runs"][0].take();
            if run["ended"].is_string() {
                return run;
            }
            assert!(start.elapsed() < PATIENCE, "{run}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The value of a metric, as it is written with its labels.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        self.0.metric(name)
    }

    /// Sends SIGTERM and waits; whether the process ended as it should.
    pub(crate) fn terminate(mut self) -> bool {
        self.0.signal("-TERM");
        self.0.process.wait().unwrap().success()
    }
}

/// A notification of Alertmanager about alerts that fire, by fingerprint.
pub(crate) fn notification(status: &str, fingerprints: &[&str]) -> Value {
    let alerts = fingerprints.iter().map(|fingerprint| {
        json!({
            "status": status,
            "labels": {"alertname": "ModelRmseHigh", "instance": "bike-api:8080"},
            "annotations": {"summary": "The model is bad"},
            "startsAt": "2024-05-01T12:00:00.5Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph",
            "fingerprint": fingerprint,
        })
    });
    json!({
        "version": "4",
        "groupKey": "{}:{alertname=\"ModelRmseHigh\"}",
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "retrainer",
        "groupLabels": {"alertname": "ModelRmseHigh"},
        "commonLabels": {"alertname": "ModelRmseHigh"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": alerts.collect::<Vec<_>>(),
    })
}
