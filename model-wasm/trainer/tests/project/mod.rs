//! A folder to train in.

#![expect(dead_code, reason = "no test file uses all of it")]

use std::fs;
use std::path::{Path, PathBuf};

use canopy_dataset::Source;
use canopy_trainer::TrainArguments;
use tempfile::TempDir;

/// A temporary folder.
pub(crate) struct Project(TempDir);

impl Project {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes a file into it.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Arguments to train a specification into `models/model.wasm`, without a network.
    pub(crate) fn arguments(&self, spec: PathBuf) -> TrainArguments {
        TrainArguments {
            spec,
            output: self.0.path().join("models/model.wasm"),
            data: Source::Default,
            threads: None,
            version: None,
        }
    }
}

/// The specification of the house model.
pub(crate) fn house_spec() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/bike-sharing.toml")
}
