//! The steps from rows to a verified component, shared by `train` and retraining.

use std::num::NonZeroUsize;

use anyhow::{Context as _, Result};
use indicatif::ProgressBar;
use rayon::ThreadPoolBuilder;
use sha2::{Digest as _, Sha256};

use crate::bake::bake;
use crate::fit::Fit;
use crate::model::Model;
use crate::spec::Spec;
use crate::table::Table;
use crate::verify::verify;

/// A grown forest and its verified component, not yet written.
#[derive(Debug)]
pub struct Trained {
    /// The forest.
    pub fit: Fit,
    /// Its component, verified bit for bit against the forest.
    pub component: Vec<u8>,
    /// SHA-256 of the component in lower-case hexadecimal.
    pub sha256: String,
}

impl Trained {
    /// Grows a forest on `threads` threads (one per core if `None`), then bakes and verifies its
    /// component. The progress bar counts trees.
    ///
    /// # Errors
    ///
    /// If the forest cannot be grown or its component differs from it.
    pub fn new(
        spec: &Spec,
        table: &Table,
        threads: Option<NonZeroUsize>,
        progress: &ProgressBar,
    ) -> Result<Self> {
        let threads = threads.map_or(0, NonZeroUsize::get);
        let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
        let fit = pool.install(|| Fit::new(table, spec, progress))?;
        progress.finish_and_clear();

        let model = Model::new(spec, table, &fit)?;
        let component = bake(&model.artifact)?;
        pool.install(|| verify(&component, &model, table, &fit))
            .context("the component was not written because it failed verification")?;
        Ok(Self {
            fit,
            sha256: format!("{:x}", Sha256::digest(&component)),
            component,
        })
    }
}
