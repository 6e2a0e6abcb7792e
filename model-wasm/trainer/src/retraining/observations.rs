//! The observed batches of a run.

use std::path::Path;
use std::time::SystemTime;

use anyhow::Result;
use canopy_observations::{Batch, Footer, Stored, Targets, list};

use crate::observed::check;
use crate::spec::Spec;

/// An observed batch with its id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observed {
    pub(crate) id: String,
    pub(crate) batch: Batch,
}

/// The batches that a run may use, of which only the footers have been read.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The batches, oldest first.
    batches: Vec<Stored>,
    /// Total number of rows.
    pub(crate) rows: usize,
    /// The reasons why other batches are left out.
    pub(crate) warnings: Vec<String>,
}

/// The usable batches of a selection.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    /// The batches, oldest first.
    pub(crate) batches: Vec<Observed>,
    /// Ids of the batches whose true values are beyond the range.
    pub(crate) set_aside: Vec<String>,
    /// The reasons why other batches cannot be used.
    pub(crate) warnings: Vec<String>,
}

impl Selection {
    /// Selects the newest batches within the limits of a specification. Those that cannot be read or
    /// have other columns are left out with a warning, so that they do not block retraining.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub(crate) fn new(folder: &Path, spec: &Spec, now: SystemTime) -> Result<Self> {
        let mut selection = Self::default();
        let limits = &spec.retraining;
        for stored in list(folder)?.into_iter().rev() {
            let age = now.duration_since(stored.at).unwrap_or_default();
            if limits.window().is_some_and(|window| age > window)
                || selection.batches.len() == limits.batches()
            {
                break;
            }
            let warning = match stored.footer() {
                Err(_) if !stored.exists() => continue,
                Err(error) => error.to_string(),
                Ok(footer) => match misfit(spec, &footer) {
                    Some(problem) => format!("{} {problem}", stored.id),
                    None if selection.rows + footer.rows > limits.rows.get() => format!(
                        "{} has {} rows, which are more than `rows` of [retraining] leaves room for",
                        stored.id, footer.rows
                    ),
                    None => {
                        selection.rows += footer.rows;
                        selection.batches.push(stored);
                        continue;
                    }
                },
            };
            selection
                .warnings
                .push(format!("skipped a batch: {warning}"));
        }
        selection.batches.reverse();
        Ok(selection)
    }

    /// Reads the batches. Sets those aside that have a true value outside `range`, if there is one.
    pub(crate) fn read(self, spec: &Spec, range: Option<(f64, f64)>) -> Observations {
        let mut observations = Observations {
            warnings: self.warnings,
            ..Observations::default()
        };
        for stored in self.batches {
            let problem = match stored.read() {
                Err(_) if !stored.exists() => continue,
                Err(error) => error.to_string(),
                Ok(batch) => match check(spec, &batch) {
                    Err(problem) => format!("{} {problem}", stored.id),
                    Ok(()) => match range.and_then(|range| beyond(&batch, range)) {
                        Some(value) => {
                            let (low, high) = range.unwrap_or_default();
                            let problem = format!(
                                "{} has a {} of {value}, outside {low} to {high}; if that is right, \
                                 raise `target_range` of [retraining]",
                                stored.id, batch.target
                            );
                            observations.set_aside.push(stored.id);
                            problem
                        }
                        None => {
                            let id = stored.id;
                            observations.batches.push(Observed { id, batch });
                            continue;
                        }
                    },
                },
            };
            observations
                .warnings
                .push(format!("skipped a batch: {problem}"));
        }
        observations
    }
}

/// What a batch lacks according to its footer.
fn misfit(spec: &Spec, footer: &Footer) -> Option<String> {
    if footer.rows == 0 {
        return Some("has no rows".into());
    }
    let target = footer.columns.last();
    if target != Some(&spec.target) {
        let target = target.map_or("nothing", String::as_str);
        return Some(format!(
            "has the target {target} instead of {}",
            spec.target
        ));
    }
    let mut features = spec.features.iter();
    let missing = features.find(|feature| !footer.columns.contains(&feature.name))?;
    Some(format!("has no column {}", missing.name))
}

/// A true value of a batch outside a range.
fn beyond(batch: &Batch, (low, high): (f64, f64)) -> Option<f64> {
    match &batch.targets {
        Targets::Numbers(values) => {
            let mut values = values.iter().copied();
            values.find(|value| !(low..=high).contains(value))
        }
        Targets::Labels(_) => None,
    }
}
