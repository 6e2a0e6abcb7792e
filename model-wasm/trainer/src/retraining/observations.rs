//! The observed batches of a run.

use std::path::Path;
use std::time::SystemTime;

use anyhow::Result;
use canopy_observations::{Batch, Observed, Targets, read_each};
use jiff::Timestamp;

use crate::observed::check;
use crate::spec::Spec;

/// If there is only one batch, every n-th of its rows is held out.
const STRIDE: usize = 3;

/// The usable batches of a folder.
#[derive(Debug)]
pub(crate) struct Observations {
    /// The batches, oldest first.
    pub(crate) batches: Vec<Batch>,
    /// The reasons why other batches cannot be used.
    pub(crate) warnings: Vec<String>,
}

impl Observations {
    /// Reads the batches within the window of a specification. Batches that cannot be read or do not
    /// match the specification are skipped with a warning, so that they do not block retraining.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub(crate) fn read(folder: &Path, spec: &Spec, now: SystemTime) -> Result<Self> {
        let mut warnings = Vec::new();
        let mut batches = Vec::new();
        for observed in read_each(folder)? {
            match observed {
                Ok(observed) if is_too_old(&observed, spec, now) => {}
                Ok(Observed { at, batch }) => match check(spec, &batch) {
                    Ok(()) => batches.push(batch),
                    Err(problem) => warnings.push(format!(
                        "skipped a batch: the batch of {} {problem}",
                        Timestamp::try_from(at)?
                    )),
                },
                Err(error) => warnings.push(format!("skipped a batch: {error}")),
            }
        }
        let surplus = batches.len().saturating_sub(spec.retraining.batches());
        batches.drain(..surplus);
        Ok(Self { batches, warnings })
    }

    /// Total number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.batches.iter().map(Batch::rows).sum()
    }
}

fn is_too_old(observed: &Observed, spec: &Spec, now: SystemTime) -> bool {
    let age = now.duration_since(observed.at).unwrap_or_default();
    spec.retraining.window().is_some_and(|window| age > window)
}

/// The observed rows, split into rows for training and rows for scoring.
#[derive(Debug, PartialEq)]
pub(crate) struct Split {
    pub(crate) training: Vec<Batch>,
    pub(crate) held_out: Batch,
}

impl Split {
    /// Holds out the newest batch. If there is only one batch, holds out every third row of it, so
    /// that the challenger can learn from the changed data without waiting for a second batch.
    ///
    /// # Errors
    ///
    /// If there are too few rows; the message says so.
    pub(crate) fn new(mut batches: Vec<Batch>) -> Result<Self, String> {
        let newest = batches.pop().ok_or("there are no usable observed rows")?;
        if !batches.is_empty() {
            return Ok(Self {
                training: batches,
                held_out: newest,
            });
        }
        if newest.rows() < STRIDE {
            return Err(format!(
                "{} observed rows are too few; at least {STRIDE} are needed",
                newest.rows()
            ));
        }
        let is_held_out = |row: usize| row % STRIDE == STRIDE - 1;
        Ok(Self {
            training: vec![select(&newest, |row| !is_held_out(row))],
            held_out: select(&newest, is_held_out),
        })
    }
}

/// The rows of a batch whose indices satisfy a predicate.
fn select(batch: &Batch, is_selected: impl Fn(usize) -> bool) -> Batch {
    fn filter<T: Clone>(values: &[T], is_selected: &impl Fn(usize) -> bool) -> Vec<T> {
        let values = values.iter().enumerate();
        values
            .filter(|(row, _)| is_selected(*row))
            .map(|(_, value)| value.clone())
            .collect()
    }
    let features = batch.features.iter();
    Batch {
        features: features
            .map(|(name, values)| (name.clone(), filter(values, &is_selected)))
            .collect(),
        target: batch.target.clone(),
        targets: match &batch.targets {
            Targets::Numbers(values) => Targets::Numbers(filter(values, &is_selected)),
            Targets::Labels(labels) => Targets::Labels(filter(labels, &is_selected)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(values: &[f64]) -> Batch {
        Batch {
            features: vec![("x".into(), values.to_vec())],
            target: "y".into(),
            targets: Targets::Numbers(values.to_vec()),
        }
    }

    #[test]
    fn the_newest_batch_is_held_out() {
        let split = Split::new(vec![batch(&[1.0]), batch(&[2.0]), batch(&[3.0])]).unwrap();
        assert_eq!(split.training, [batch(&[1.0]), batch(&[2.0])]);
        assert_eq!(split.held_out, batch(&[3.0]));
    }

    #[test]
    fn every_third_row_of_a_single_batch_is_held_out() {
        let split = Split::new(vec![batch(&[1.0, 2.0, 3.0, 4.0])]).unwrap();
        assert_eq!(split.training, [batch(&[1.0, 2.0, 4.0])]);
        assert_eq!(split.held_out, batch(&[3.0]));
    }

    #[test]
    fn too_few_rows_are_refused() {
        assert!(
            Split::new(Vec::new())
                .unwrap_err()
                .contains("no usable observed")
        );
        assert!(
            Split::new(vec![batch(&[1.0, 2.0])])
                .unwrap_err()
                .contains("too few")
        );
    }
}
