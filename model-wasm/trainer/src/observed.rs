//! Appends observed rows to the training rows.

use anyhow::{Context as _, Result, anyhow};
use canopy_dataset::digest;
use canopy_forest::Task;
use canopy_observations::{Batch, Targets};
use polars::prelude::{Column, DataFrame, NamedFrom as _, Series};
use sha2::{Digest as _, Sha256};

use crate::classes;
use crate::spec::Spec;
use crate::table::Table;

impl Table {
    /// Appends the rows of observed batches. Classes that occur only in the observed rows are added;
    /// the first and last day do not change.
    ///
    /// # Errors
    ///
    /// If a batch has no rows, lacks a feature or the target of the specification, or contains a
    /// number that is not finite.
    pub fn with_observed(mut self, spec: &Spec, batches: &[Batch]) -> Result<Self> {
        let rows: usize = batches.iter().map(Batch::rows).sum();
        if rows == 0 {
            return Ok(self);
        }
        for batch in batches {
            check(spec, batch).map_err(|problem| anyhow!("a batch {problem}"))?;
        }
        let mut columns = Vec::new();
        for (feature, values) in spec.features.iter().zip(&mut self.features) {
            let observed: Vec<f64> = batches
                .iter()
                .flat_map(|batch| column(batch, &feature.name).unwrap_or_default())
                .copied()
                .collect();
            values.extend_from_slice(&observed);
            columns.push(Column::from(Series::new(
                feature.name.as_str().into(),
                observed,
            )));
        }
        columns.push(match spec.task {
            Task::Regression => {
                let observed: Vec<f64> = batches.iter().flat_map(numbers).copied().collect();
                self.target.extend_from_slice(&observed);
                Column::from(Series::new(spec.target.as_str().into(), observed))
            }
            Task::Classification => {
                let observed: Vec<String> = batches.iter().flat_map(labels).cloned().collect();
                let own = self.target.iter();
                let own = own.map(|&class| self.classes[class as usize].clone());
                let all: Vec<String> = own.chain(observed.iter().cloned()).collect();
                (self.target, self.classes) = classes::encode(&all)?;
                Column::from(Series::new(spec.target.as_str().into(), observed))
            }
        });
        let observed = digest(&DataFrame::new_infer_height(columns)?)
            .context("cannot compute the digest of the observed rows")?;
        let both = Sha256::digest(format!("{}{observed}", self.digest));
        self.digest = format!("{both:x}");
        self.observed_rows += rows;
        self.origin = format!("{} and {rows} observed rows", self.origin);
        Ok(self)
    }
}

/// Checks that a batch has rows, every feature of a specification and a target of the right kind for
/// its task, and that all numbers are finite.
///
/// # Errors
///
/// If it does not; the message is a predicate to follow the name of the batch.
pub(crate) fn check(spec: &Spec, batch: &Batch) -> Result<(), String> {
    if batch.rows() == 0 {
        return Err("has no rows".into());
    }
    if batch.target != spec.target {
        return Err(format!(
            "has the target {} instead of {}",
            batch.target, spec.target
        ));
    }
    let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
    match (&batch.targets, spec.task) {
        (Targets::Numbers(values), Task::Regression) if !finite(values) => {
            return Err(format!(
                "has a value of {} that is not finite",
                batch.target
            ));
        }
        (Targets::Numbers(_), Task::Regression) | (Targets::Labels(_), Task::Classification) => {}
        (Targets::Numbers(_), _) => {
            return Err("has numbers as targets, but the model predicts classes".into());
        }
        (Targets::Labels(_), _) => {
            return Err("has class labels as targets, but the model predicts numbers".into());
        }
    }
    for feature in &spec.features {
        let name = &feature.name;
        match column(batch, name) {
            None => return Err(format!("has no column {name}")),
            Some(values) if values.len() != batch.rows() => {
                return Err(format!(
                    "has {} values of {name} for {} rows",
                    values.len(),
                    batch.rows()
                ));
            }
            Some(values) if !finite(values) => {
                return Err(format!("has a value of {name} that is not finite"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// The values of a feature; `None` if the batch does not have it.
pub(crate) fn column<'a>(batch: &'a Batch, name: &str) -> Option<&'a [f64]> {
    let mut features = batch.features.iter();
    features.find_map(|(feature, values)| (feature == name).then_some(values.as_slice()))
}

fn numbers(batch: &Batch) -> &[f64] {
    match &batch.targets {
        Targets::Numbers(values) => values,
        Targets::Labels(_) => &[],
    }
}

fn labels(batch: &Batch) -> &[String] {
    match &batch.targets {
        Targets::Labels(labels) => labels,
        Targets::Numbers(_) => &[],
    }
}
