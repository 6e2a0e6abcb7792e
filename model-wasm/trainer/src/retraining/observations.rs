//! The observed batches that a run works with.

use std::path::Path;
use std::time::SystemTime;

use anyhow::Result;
use canopy_observations::{Batch, Observed, Targets, read_each};
use jiff::Timestamp;

use crate::observed::check;
use crate::spec::Spec;

/// Of a single batch every so many rows one is held out.
const SHARE: usize = 3;

/// The usable batches of a folder.
#[derive(Debug)]
pub(crate) struct Observations {
    /// Oldest first.
    pub(crate) batches: Vec<Batch>,
    /// Which batches cannot be used, and why.
    pub(crate) warnings: Vec<String>,
}

impl Observations {
    /// Reads the batches within the window of a specification. One that cannot be read or does
    /// not suit the specification is left out with a warning: it must not stand in the way of
    /// every retraining to come.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub(crate) fn read(folder: &Path, spec: &Spec, now: SystemTime) -> Result<Self> {
        let mut warnings = Vec::new();
        let mut batches = Vec::new();
        for observed in read_each(folder)? {
            match observed {
                Ok(observed) if too_old(&observed, spec, now) => {}
                Ok(Observed { at, batch }) => match check(spec, &batch) {
                    Ok(()) => batches.push(batch),
                    Err(problem) => warnings.push(format!(
                        "left out: the batch of {} {problem}",
                        Timestamp::try_from(at)?
                    )),
                },
                Err(error) => warnings.push(format!("left out: {error}")),
            }
        }
        let surplus = batches.len().saturating_sub(spec.retraining.batches());
        batches.drain(..surplus);
        Ok(Self { batches, warnings })
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.batches.iter().map(Batch::rows).sum()
    }
}

fn too_old(observed: &Observed, spec: &Spec, now: SystemTime) -> bool {
    let age = now.duration_since(observed.at).unwrap_or_default();
    spec.retraining.window().is_some_and(|window| age > window)
}

/// Rows to train on and rows to score on.
#[derive(Debug, PartialEq)]
pub(crate) struct Split {
    pub(crate) training: Vec<Batch>,
    pub(crate) held_out: Batch,
}

impl Split {
    /// Holds the newest batch out. If there is only one, every third of its rows: otherwise
    /// nothing of what has changed could be learned before a second batch is there.
    ///
    /// # Errors
    ///
    /// Why there is nothing to hold out.
    pub(crate) fn new(mut batches: Vec<Batch>) -> Result<Self, String> {
        let newest = batches.pop().ok_or("there are no observed rows to use")?;
        if !batches.is_empty() {
            return Ok(Self {
                training: batches,
                held_out: newest,
            });
        }
        if newest.rows() < SHARE {
            return Err(format!(
                "{} observed rows are too few, {SHARE} are the least",
                newest.rows()
            ));
        }
        let last = |row: usize| row % SHARE == SHARE - 1;
        Ok(Self {
            training: vec![select(&newest, |row| !last(row))],
            held_out: select(&newest, last),
        })
    }
}

/// The rows of a batch whose position is wanted.
fn select(batch: &Batch, wanted: impl Fn(usize) -> bool) -> Batch {
    fn chosen<T: Clone>(values: &[T], wanted: &impl Fn(usize) -> bool) -> Vec<T> {
        let values = values.iter().enumerate();
        values
            .filter(|(row, _)| wanted(*row))
            .map(|(_, value)| value.clone())
            .collect()
    }
    let features = batch.features.iter();
    Batch {
        features: features
            .map(|(name, values)| (name.clone(), chosen(values, &wanted)))
            .collect(),
        target: batch.target.clone(),
        targets: match &batch.targets {
            Targets::Numbers(values) => Targets::Numbers(chosen(values, &wanted)),
            Targets::Labels(labels) => Targets::Labels(chosen(labels, &wanted)),
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
    fn too_little_is_nothing_to_hold_out() {
        assert!(Split::new(Vec::new()).unwrap_err().contains("no observed"));
        assert!(
            Split::new(vec![batch(&[1.0, 2.0])])
                .unwrap_err()
                .contains("too few")
        );
    }
}
