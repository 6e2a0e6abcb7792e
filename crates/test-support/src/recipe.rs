use std::env;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use tempfile::TempDir;

/// The specification of the house model: rented bikes an hour, trained on January 2011.
pub const HOUSE: &str = include_str!("../../../model-wasm/specs/bike-sharing.toml");

/// How a model of a test is trained: by the `canopy-trainer` that was built with the test.
#[derive(Clone, Copy, Hash)]
pub struct Recipe<'a> {
    /// The text of the specification.
    pub spec: &'a str,
    /// Name and text of the table that it reads; none for the embedded one.
    pub table: Option<(&'a str, &'a str)>,
    /// The version that the model gets.
    pub version: &'a str,
}

impl Recipe<'_> {
    /// The component file, which is not to be changed.
    ///
    /// It is trained once and kept in `target/tmp`, until there is another trainer: tests that are
    /// processes of their own share it.
    ///
    /// # Panics
    ///
    /// If there is no trainer, or training fails.
    pub fn component(&self) -> PathBuf {
        let test = env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).unwrap();
        let trainer = profile.join("canopy-trainer");
        let built = modified(&trainer);
        assert!(
            built.is_some(),
            "{} is missing: build the workspace as a whole",
            trainer.display()
        );
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        let folder = profile.with_file_name("tmp");
        let file = folder.join(format!("model-{:016x}.wasm", hasher.finish()));
        fs::create_dir_all(folder).unwrap();
        let lock = File::create(file.with_extension("lock")).unwrap();
        lock.lock().unwrap();
        if modified(&file) < built {
            self.train(&trainer, &file);
        }
        file
    }

    fn train(&self, trainer: &Path, output: &Path) {
        let folder = TempDir::new().unwrap();
        let spec = folder.path().join("spec.toml");
        fs::write(&spec, self.spec).unwrap();
        if let Some((name, text)) = self.table {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let data = self.table.map_or("embedded", |_| "default");
        let trained = Command::new(trainer)
            .args(["train", "--data", data, "--version", self.version])
            .arg("--spec")
            .arg(&spec)
            .arg("--output")
            .arg(output)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&trained.stderr);
        assert!(trained.status.success(), "{error}");
    }
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}
