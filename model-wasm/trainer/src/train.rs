//! A complete training run.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::TrainArguments;
use crate::report::Report;
use crate::scores::Scores;
use crate::spec::Spec;
use crate::table::Table;
use crate::trained::Trained;
use crate::write::write;

/// Trains a model, verifies its component against smartcore and writes it. Reports progress and
/// warnings on standard error.
///
/// # Errors
///
/// If the specification or the data is not valid, the component differs from the trained forest, or
/// it cannot be written. The output file is then unchanged.
pub fn train(arguments: &TrainArguments) -> Result<Report> {
    let start = Instant::now();
    let spec = specification(arguments)?;
    let table = Table::load(&spec, &arguments.data, &ProgressBar::new(0)).with_context(|| {
        format!(
            "cannot load the training data of {}",
            arguments.spec.display()
        )
    })?;
    if let Some(warning) = &table.warning {
        eprintln!("warning: {warning}");
    }

    let Trained {
        fit,
        component,
        sha256,
    } = Trained::new(&spec, &table, arguments.threads, &bar())?;
    write(&arguments.output, &component)?;

    let features = spec.features.iter().map(|feature| feature.name.clone());
    Ok(Report {
        importances: features.zip(fit.importances.iter().copied()).collect(),
        in_sample: Scores::in_sample(&fit, &table, spec.task),
        out_of_bag: Scores::out_of_bag(&fit, &table, spec.task),
        name: spec.name,
        version: spec.version,
        rows: table.rows(),
        origin: table.origin,
        days: table.days,
        output: arguments.output.clone(),
        size: component.len(),
        sha256,
        elapsed: start.elapsed(),
    })
}

fn specification(arguments: &TrainArguments) -> Result<Spec> {
    let mut spec = Spec::load(&arguments.spec)?;
    if let Some(version) = &arguments.version {
        ensure!(
            !version.is_empty() && !version.contains(char::is_whitespace),
            "--version {version:?} is empty or contains white space"
        );
        spec.version.clone_from(version);
    }
    Ok(spec)
}

/// A progress bar that counts trees; hidden if standard error is not a terminal.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} tree {pos} of {len}, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
