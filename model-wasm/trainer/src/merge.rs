//! Forests of one tree each, merged into one: smartcore's fields are private, so it is done in
//! its JSON, in which every `f64` survives exactly.

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Merges forests, given as JSON, keeping the order of their trees.
///
/// # Errors
///
/// If there are none, or one is not what smartcore 0.7 writes.
pub(crate) fn merge<'a, D: Document<'a>>(texts: &'a [String]) -> Result<D> {
    let mut documents = texts.iter().map(|text| {
        serde_json::from_str::<D>(text).context("smartcore writes its forests in another form")
    });
    let mut merged = documents.next().context("a forest needs a tree")??;
    for document in documents {
        merged.append(document?);
    }
    Ok(merged)
}

/// A forest as smartcore writes it.
pub(crate) trait Document<'a>: Deserialize<'a> + Serialize {
    /// Its trees.
    fn trees(&self) -> &[&'a RawValue];

    /// For each tree which rows it was grown on.
    fn samples(&self) -> &[&'a RawValue];

    /// Adds the trees of another forest.
    fn append(&mut self, other: Self);

    /// The forest itself.
    fn revive<F: DeserializeOwned>(&self) -> Result<F> {
        serde_json::from_str(&serde_json::to_string(self)?)
            .context("smartcore does not read back what it wrote")
    }
}

#[derive(Deserialize, Serialize)]
pub(crate) struct Regressor<'a> {
    #[serde(borrow)]
    forest_regressor: BaseForest<'a>,
}

#[derive(Deserialize, Serialize)]
struct BaseForest<'a> {
    #[serde(borrow)]
    trees: Vec<&'a RawValue>,
    num_features: usize,
    #[serde(borrow)]
    samples: Vec<&'a RawValue>,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct Classifier<'a> {
    #[serde(borrow)]
    trees: Vec<&'a RawValue>,
    classes: Vec<u32>,
    #[serde(borrow)]
    samples: Vec<&'a RawValue>,
}

impl<'a> Document<'a> for Regressor<'a> {
    fn trees(&self) -> &[&'a RawValue] {
        &self.forest_regressor.trees
    }

    fn samples(&self) -> &[&'a RawValue] {
        &self.forest_regressor.samples
    }

    fn append(&mut self, other: Self) {
        self.forest_regressor
            .trees
            .extend(other.forest_regressor.trees);
        self.forest_regressor
            .samples
            .extend(other.forest_regressor.samples);
    }
}

impl<'a> Document<'a> for Classifier<'a> {
    fn trees(&self) -> &[&'a RawValue] {
        &self.trees
    }

    fn samples(&self) -> &[&'a RawValue] {
        &self.samples
    }

    fn append(&mut self, other: Self) {
        self.trees.extend(other.trees);
        self.samples.extend(other.samples);
    }
}
