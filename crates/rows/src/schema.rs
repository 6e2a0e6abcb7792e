//! The position of each field in a row.

use std::collections::HashMap;

use canopy_runtime::ModelInfo;

/// The fields that a model uses, by name.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The features in the order of a row, then the target.
    names: Vec<String>,
    positions: HashMap<String, usize>,
    labels: Labels,
}

/// How the target of a labelled record is parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Labels {
    /// As a number.
    Numbers,
    /// As the label of one of these classes; the value is the index of the class.
    Classes(Vec<String>),
}

impl Schema {
    /// The schema of a model.
    #[must_use]
    pub fn new(info: &ModelInfo) -> Self {
        let features = info.features.iter().map(|feature| feature.name.clone());
        let names: Vec<String> = features.chain([info.target.clone()]).collect();
        let positions = names.iter().cloned().zip(0..).collect();
        let labels = if info.classes.is_empty() {
            Labels::Numbers
        } else {
            Labels::Classes(info.classes.clone())
        };
        Self {
            names,
            positions,
            labels,
        }
    }

    /// Number of values in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.names.len() - 1
    }

    /// Names of the features in the order of a row.
    #[must_use]
    pub fn features(&self) -> &[String] {
        &self.names[..self.width()]
    }

    /// Name of the target.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.names[self.width()]
    }

    /// How the target is parsed.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Whether the field at `position` has this name.
    pub(crate) fn is_at(&self, name: &[u8], position: usize) -> bool {
        let expected = self.names.get(position);
        expected.is_some_and(|expected| expected.as_bytes() == name)
    }

    /// The position of a field in a row: [`Self::width`] for the target, `None` for a field that
    /// the model does not use. `guess` is tried first, as most clients send the fields in the
    /// model's order.
    #[must_use]
    pub fn position(&self, name: &str, guess: usize) -> Option<usize> {
        if self.is_at(name.as_bytes(), guess) {
            return Some(guess);
        }
        self.positions.get(name).copied()
    }

    /// Name of the field at `position`.
    pub(crate) fn name(&self, position: usize) -> &str {
        &self.names[position]
    }
}
