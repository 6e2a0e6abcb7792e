//! Splits observed rows into rows for training and rows for scoring.

use canopy_observations::{Batch, Targets};
use sha2::{Digest as _, Sha256};

use super::observations::Observed;
use crate::observed::column;
use crate::spec::Retraining;

/// The observed rows, split.
#[derive(Debug, PartialEq)]
pub(crate) struct Split {
    /// The rows to train on, by batch.
    pub(crate) training: Vec<Batch>,
    /// The rows to score on, by batch, oldest first.
    held_out: Vec<Batch>,
}

impl Split {
    /// Holds out a share of every batch. A row is held out or not by its content alone: it is on the
    /// same side in every run, so that no champion was trained on the rows that it is scored on.
    ///
    /// # Errors
    ///
    /// If there are too few batches or held-out rows; the message says so.
    pub(crate) fn new(batches: &[Observed], gate: &Retraining) -> Result<Self, String> {
        if batches.is_empty() {
            return Err("there are no usable observed rows".into());
        }
        if batches.len() < gate.min_batches {
            return Err(format!(
                "{} usable observed batches are too few; `min_batches` of [retraining] asks for {}",
                batches.len(),
                gate.min_batches
            ));
        }
        let split = batches.iter().map(|Observed { batch, .. }| {
            let is_held_out: Vec<bool> = positions(batch)
                .into_iter()
                .map(|position| position < gate.held_out)
                .collect();
            (
                select(batch, |row| !is_held_out[row]),
                select(batch, |row| is_held_out[row]),
            )
        });
        let (training, held_out) = split.unzip();
        let split = Self { training, held_out };
        let rows = split.held_out().rows();
        if rows < gate.min_held_out_rows {
            return Err(format!(
                "{rows} held-out rows are too few; `min_held_out_rows` of [retraining] asks for {}",
                gate.min_held_out_rows
            ));
        }
        Ok(split)
    }

    /// All held-out rows.
    pub(crate) fn held_out(&self) -> Batch {
        join(&self.held_out)
    }

    /// The held-out rows of all batches but the newest.
    pub(crate) fn held_out_before(&self) -> Batch {
        join(&self.held_out[..self.held_out.len() - 1])
    }
}

/// A number from 0 to 1 for each row, which depends on its content alone.
fn positions(batch: &Batch) -> Vec<f64> {
    let mut features: Vec<&(String, Vec<f64>)> = batch.features.iter().collect();
    features.sort_by(|a, b| a.0.cmp(&b.0));
    let position = |row: usize| {
        let mut digest = Sha256::new();
        for (_, values) in &features {
            digest.update(values[row].to_le_bytes());
        }
        match &batch.targets {
            Targets::Numbers(values) => digest.update(values[row].to_le_bytes()),
            Targets::Labels(labels) => digest.update(&labels[row]),
        }
        let digest = digest.finalize();
        let first = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        f64::from(first) / f64::from(u32::MAX)
    };
    (0..batch.rows()).map(position).collect()
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

/// The rows of several batches, with the columns that the first one has. Each has at least the
/// columns of the specification, though perhaps in another order.
fn join(batches: &[Batch]) -> Batch {
    let Some((first, others)) = batches.split_first() else {
        return Batch {
            features: Vec::new(),
            target: String::new(),
            targets: Targets::Numbers(Vec::new()),
        };
    };
    let mut all = first.clone();
    all.features
        .retain(|(name, _)| others.iter().all(|other| column(other, name).is_some()));
    for (name, values) in &mut all.features {
        let others = others.iter().filter_map(|other| column(other, name));
        values.extend(others.flatten());
    }
    for other in others {
        match (&mut all.targets, &other.targets) {
            (Targets::Numbers(all), Targets::Numbers(its)) => all.extend(its),
            (Targets::Labels(all), Targets::Labels(its)) => all.extend(its.iter().cloned()),
            // All were checked against the task of the specification.
            _ => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(id: &str, values: std::ops::Range<u32>) -> Observed {
        let values: Vec<f64> = values.map(f64::from).collect();
        Observed {
            id: id.into(),
            batch: Batch {
                features: vec![("x".into(), values.clone())],
                target: "y".into(),
                targets: Targets::Numbers(values),
            },
        }
    }

    #[test]
    fn a_share_of_every_batch_is_held_out_the_same_one_in_every_run() {
        let gate = Retraining::default();
        let batches = [observed("a", 0..400), observed("b", 400..800)];
        let split = Split::new(&batches, &gate).unwrap();
        for (held_out, training) in split.held_out.iter().zip(&split.training) {
            assert!((70..130).contains(&held_out.rows()), "{}", held_out.rows());
            assert_eq!(held_out.rows() + training.rows(), 400);
        }
        assert_eq!(split.held_out_before(), split.held_out[0]);
        assert_eq!(
            split.held_out().rows(),
            split.held_out[0].rows() + split.held_out[1].rows()
        );

        // With other rows around it, a row stays where it was.
        let again = [observed("c", 100..400), observed("b", 400..800)];
        let again = Split::new(&again, &gate).unwrap();
        assert_eq!(again.held_out[1], split.held_out[1]);
        let Targets::Numbers(before) = &split.held_out[0].targets else {
            panic!("numbers")
        };
        let later: Vec<f64> = before.iter().copied().filter(|it| *it >= 100.0).collect();
        assert_eq!(again.held_out[0].targets, Targets::Numbers(later));
    }

    #[test]
    fn too_little_to_judge_by_is_refused() {
        let gate = Retraining::default();
        for (batches, problem) in [
            (vec![], "no usable observed rows"),
            (vec![observed("a", 0..4000)], "`min_batches`"),
            // Three rows are not enough, however many rows an older batch has for training.
            (
                vec![observed("a", 0..100), observed("b", 100..103)],
                "`min_held_out_rows`",
            ),
        ] {
            let refused = Split::new(&batches, &gate).unwrap_err();
            assert!(refused.contains(problem), "{refused}");
        }
    }
}
