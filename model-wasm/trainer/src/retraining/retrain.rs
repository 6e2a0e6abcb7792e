//! One challenge, from the observed rows to the judgement; runs in the training process.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result};
use canopy_observations::Targets;
use canopy_runtime::{Component, Limits, Model, Runtime};
use indicatif::ProgressBar;

use super::challenge;
use super::held_out::Split;
use super::job::{Champion, Job, Outcome, Won};
use super::judge::judge;
use super::observations::Selection;
use super::run::Findings;
use super::version::is_after;
use crate::cli::source;
use crate::spec::Spec;
use crate::table::Table;
use crate::trained::Trained;

/// Trains a challenger and judges it. Returns the outcome, with the component of a challenger that won.
/// Fills in `findings` as it proceeds, so that they are available even after an error.
///
/// # Errors
///
/// If any step fails.
pub(super) fn retrain(job: &Job, findings: &mut Findings) -> Result<(Outcome, Vec<u8>)> {
    let not_trained = |outcome| Ok((outcome, Vec::new()));
    let mut spec = Spec::load(&job.spec)?;
    let time = job.started.strftime("%Y%m%dT%H%M%S");
    spec.version = format!("{}+{time}", spec.version);

    let selection = Selection::new(&job.observations, &spec, job.started.into())?;
    let runtime = Runtime::new(&Limits::default(), None)?;
    let champion = load_champion(&runtime, &job.champion, findings)?;
    if let Some(champion) = champion.as_ref().map(|champion| &champion.info().version)
        && !is_after(&spec.version, champion)
    {
        return not_trained(Outcome::Skipped(format!(
            "a version never goes backwards, but {} does not come after the champion's {champion}: \
             raise `version` in {}, or set the clock",
            spec.version,
            job.spec.display()
        )));
    }
    let data = source(&job.data).map_err(anyhow::Error::msg)?;
    let table = Table::load(&spec, &data, &ProgressBar::hidden())
        .with_context(|| format!("cannot load the training data of {}", job.spec.display()))?;
    findings.warnings.extend(table.warning.clone());

    let range = target_range(&spec, champion.as_ref(), &table);
    let observations = selection.read(&spec, range);
    let batches = &observations.batches;
    findings.observed_rows = Some(batches.iter().map(|it| it.batch.rows()).sum());
    findings.warnings.extend(observations.warnings);
    findings.set_aside = observations.set_aside;
    let split = match Split::new(batches, &spec.retraining) {
        Ok(split) => split,
        Err(reason) => return not_trained(Outcome::Skipped(reason)),
    };

    let table = table.with_observed(&spec, &split.training)?;
    findings.rows = Some(table.rows());
    let trained = Trained::new(&spec, &table, job.threads, &ProgressBar::hidden())?;
    let challenger = runtime.load(&Component::new(trained.component.clone()))?;
    let gate = (job.margin, &spec.retraining);
    if let Some(reason) = judge(&challenger, champion.as_ref(), &split, gate, findings)? {
        return not_trained(Outcome::Kept(reason));
    }
    findings.version = Some(spec.version);
    findings.digest = Some(trained.sha256);
    let won = Won {
        name: spec.name,
        champion: champion.map(|champion| Champion {
            name: champion.info().name.clone(),
            version: champion.info().version.clone(),
            digest: champion.digest().to_string(),
        }),
        batches: batches.iter().map(|it| it.id.clone()).collect(),
    };
    Ok((Outcome::Won(won), trained.component))
}

/// The range of true values that can be learnt from: that of the champion's reference, or of the
/// training data if there is no champion, extended on both sides. `None` for a classification.
fn target_range(spec: &Spec, champion: Option<&Model>, table: &Table) -> Option<(f64, f64)> {
    let reference = champion.map(challenge::reference);
    let values = match reference.as_ref().map(|it| &it.targets) {
        Some(Targets::Numbers(values)) => values,
        Some(Targets::Labels(_)) => return None,
        None if table.classes.is_empty() => &table.target,
        None => return None,
    };
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let beyond = spec.retraining.target_range * (high - low);
    Some((low - beyond, high + beyond))
}

/// Loads the champion. If its file does not exist, there is none, which adds a warning. A file that
/// cannot be read or is not a model is an error: the host may still be serving an earlier model whose
/// score is unknown.
fn load_champion(runtime: &Runtime, path: &Path, findings: &mut Findings) -> Result<Option<Model>> {
    let file = path.display();
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let warning = format!("there is no champion to compare with: {file} does not exist");
            findings.warnings.push(warning);
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {file}")),
    };
    let model = runtime.load(&Component::new(bytes)).with_context(|| {
        format!(
            "{file} cannot be used as the champion: replace it with a model, or remove it to publish \
             the challenger without a comparison"
        )
    })?;
    Ok(Some(model))
}
