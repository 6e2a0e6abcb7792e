//! Writes a challenger for somebody to review.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::challenger::Challenger;
use super::folder::{file_name, keep};
use crate::retraining::run::Verdict;

/// Folder for challengers, next to the model file.
const FOLDER: &str = "review";

/// Writes a challenger to the folder beside the model file at `path`.
///
/// # Errors
///
/// If it cannot be written.
pub(super) fn write(path: &Path, challenger: &Challenger<'_>) -> Result<(Verdict, Option<String>)> {
    let file = file_name(challenger.name, challenger.version, challenger.digest);
    let file = path.with_file_name(FOLDER).join(file);
    let warning = keep(&file, challenger.component).context("cannot write the challenger")?;
    let (file, path) = (file.display(), path.display());
    let next = format!(
        "the challenger is {file}; to publish it, `mv {file} {path}`, or upload it to the host with \
         `curl -T {file} HOST/models/NAME`"
    );
    Ok((Verdict::Written(next), warning))
}
