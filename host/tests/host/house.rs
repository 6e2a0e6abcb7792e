//! The house model and its data.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub(crate) use canopy_test_support::hours as records;
use canopy_test_support::{HOUSE, Recipe};
use serde_json::{Value, json};

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

/// The component file of the house model, of version 1.0.0; not to be changed.
pub(crate) fn model() -> &'static Path {
    static MODEL: LazyLock<PathBuf> = LazyLock::new(|| version("1.0.0"));
    &MODEL
}

/// The component file of the house model of some version; not to be changed.
pub(crate) fn version(version: &str) -> PathBuf {
    let house = Recipe {
        spec: HOUSE,
        table: None,
        version,
    };
    house.component()
}

/// Puts the house model of some version in the place of a file, at once.
pub(crate) fn replace(file: &Path, version: &str) {
    let new = file.with_extension("new");
    fs::copy(self::version(version), &new).unwrap();
    fs::rename(new, file).unwrap();
}

/// A server of the house model.
pub(crate) fn server() -> Server {
    Server::start(model(), &[])
}

/// The first hour of 2011, of which 16 bikes were rented.
pub(crate) fn record() -> Value {
    json!({
        "temp": 0.24, "atemp": 0.2879, "hum": 0.81, "windspeed": 0, "mnth": 1, "hr": 0,
        "weekday": 6, "season": 1, "holiday": 0, "workingday": 0, "weathersit": 1
    })
}
