//! From rows to a component that was checked: what `train` and a retraining share.

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

/// A grown forest and its component, not yet written.
#[derive(Debug)]
pub struct Trained {
    /// The forest.
    pub fit: Fit,
    /// Its component, compared with the forest bit for bit.
    pub component: Vec<u8>,
    /// SHA-256 of the component in lower-case hexadecimal.
    pub sha256: String,
}

impl Trained {
    /// Grows a forest on `threads` threads (every core if `None`), bakes and verifies its
    /// component. The progress bar counts trees.
    ///
    /// # Errors
    ///
    /// If the forest cannot be grown or its component answers otherwise than smartcore.
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
            .context("not written, the component is wrong")?;
        Ok(Self {
            fit,
            sha256: format!("{:x}", Sha256::digest(&component)),
            component,
        })
    }
}
