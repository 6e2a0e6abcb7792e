//! The house model, trained once for all tests, and its data.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use canopy_dataset::{Period, ProgressBar, Source, bike_sharing, slice};
use canopy_trainer::{TrainArguments, train};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::server::Server;

/// Features of the house model in the order of a row.
pub(crate) const FEATURES: [&str; 11] = [
    "temp",
    "atemp",
    "hum",
    "windspeed",
    "mnth",
    "hr",
    "weekday",
    "season",
    "holiday",
    "workingday",
    "weathersit",
];

static MODEL: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("bike-sharing.wasm");
    train_house("1.0.0", &output);
    (folder, output)
});

/// The component file of the house model.
pub(crate) fn model() -> &'static Path {
    &MODEL.1
}

/// Trains the house model as some version.
pub(crate) fn train_house(version: &str, output: &Path) {
    let spec = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../model-wasm/specs/bike-sharing.toml"
    );
    train(&TrainArguments {
        spec: spec.into(),
        output: output.to_owned(),
        data: Source::Embedded,
        threads: None,
        version: Some(version.into()),
    })
    .unwrap();
}

/// A server of the house model.
pub(crate) fn server() -> Server {
    Server::start(model(), &[])
}

/// All embedded rows of a period as records, with every column of the table.
pub(crate) fn records(period: &str) -> Vec<Value> {
    let loaded = bike_sharing(&Source::Embedded, None, &ProgressBar::hidden()).unwrap();
    let period: Period = period.parse().unwrap();
    let frame = slice(&loaded.frame, "dteday", period).unwrap();
    let columns = frame.columns();
    (0..frame.height())
        .map(|row| {
            let fields = columns.iter().map(|column| {
                let value = column.get(row).unwrap();
                let json = match value.extract::<f64>() {
                    Some(number) if number.fract() == 0.0 && column.name() != "dteday" => {
                        json!(number as i64)
                    }
                    Some(number) if column.name() != "dteday" => json!(number),
                    _ => json!(value.to_string()),
                };
                (column.name().to_string(), json)
            });
            Value::Object(fields.collect::<Map<String, Value>>())
        })
        .collect()
}

/// The first hour of 2011, of which 16 bikes were rented.
pub(crate) fn record() -> Value {
    json!({
        "temp": 0.24, "atemp": 0.2879, "hum": 0.81, "windspeed": 0, "mnth": 1, "hr": 0,
        "weekday": 6, "season": 1, "holiday": 0, "workingday": 0, "weathersit": 1
    })
}
