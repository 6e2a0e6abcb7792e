//! The house model, trained on January 2011, for what is measured.

#![expect(clippy::unwrap_used, reason = "a measurement may panic")]

use canopy_dataset::Source;
use canopy_forest::{Artifact, Tree};
use canopy_trainer::{Fit, Model, Spec, Table};
use indicatif::ProgressBar;

/// Hours of a week.
pub const WEEK: usize = 168;

/// What is baked into its component, and its trees.
///
/// # Panics
///
/// If it cannot be trained.
#[must_use]
pub fn trained() -> (Vec<u8>, Vec<Tree>) {
    let spec = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../model-wasm/specs/bike-sharing.toml"
    );
    let spec = Spec::load(spec.as_ref()).unwrap();
    let hidden = ProgressBar::hidden();
    let table = Table::load(&spec, &Source::Embedded, &hidden).unwrap();
    let fit = Fit::new(&table, &spec, &hidden).unwrap();
    let artifact = Model::new(&spec, &table, &fit).unwrap().artifact;
    (artifact, fit.trees)
}

/// The rows of its first week (row-major, rows × features).
#[must_use]
pub fn week(artifact: &Artifact<'_>) -> Vec<f64> {
    let features = &artifact.reference[..artifact.description.features.len()];
    (0..WEEK)
        .flat_map(|row| features.iter().map(move |feature| feature.values[row]))
        .collect()
}

/// A row as a client sends it.
#[must_use]
pub fn json_record(names: &[String], row: &[f64]) -> String {
    let fields = names.iter().zip(row);
    let fields: Vec<String> = fields
        .map(|(name, value)| format!("\"{name}\": {value}"))
        .collect();
    format!("{{{}}}", fields.join(", "))
}
