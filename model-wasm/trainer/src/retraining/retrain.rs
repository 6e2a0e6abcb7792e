//! One retraining run, from the observed rows to a verdict.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context as _, Result};
use canopy_runtime::{Component, Limits, Model, Runtime};
use indicatif::ProgressBar;
use jiff::Timestamp;

use super::challenge::{self, Score};
use super::observations::{Observations, Split};
use super::publish::publish;
use super::publish_gate::PublishGate;
use super::run::{Findings, Verdict};
use crate::cli::ServeArguments;
use crate::spec::Spec;
use crate::table::Table;
use crate::trained::Trained;

/// Trains a challenger and publishes it if it beats the champion or there is no champion. Fills in
/// `findings` as it proceeds, so that they are available even after an error.
///
/// # Errors
///
/// If any step fails. The model file is then unchanged.
pub(crate) fn retrain(
    arguments: &ServeArguments,
    gate: &PublishGate,
    started: Timestamp,
    findings: &mut Findings,
) -> Result<Verdict> {
    let mut spec = Spec::load(&arguments.spec)?;
    let time = started.strftime("%Y%m%dT%H%M%S");
    spec.version = format!("{}+{time}", spec.version);

    let observations = Observations::read(&arguments.observations, &spec, started.into())?;
    findings.observed_rows = Some(observations.rows());
    findings.warnings.extend_from_slice(&observations.warnings);
    let split = match Split::new(observations.batches) {
        Ok(split) => split,
        Err(reason) => return Ok(Verdict::Skipped(reason)),
    };
    let held_out = &split.held_out;
    findings.held_out_rows = Some(held_out.rows());

    let runtime = Runtime::new(&Limits::default(), None)?;
    let champion = Champion::load(&runtime, arguments, findings)?;
    let table = Table::load(&spec, &arguments.data, &ProgressBar::hidden())
        .with_context(|| {
            format!(
                "cannot load the training data of {}",
                arguments.spec.display()
            )
        })?
        .with_observed(&spec, &split.training)?;
    findings.rows = Some(table.rows());
    findings.warnings.extend(table.warning.clone());
    let trained = Trained::new(&spec, &table, arguments.threads, &ProgressBar::hidden())?;
    let challenger = runtime.load(&Component::new(trained.component.clone()))?;

    let by = Score::of(&held_out.targets);
    findings.score = Some(by.name());
    let models: Vec<&Model> = champion.model.iter().chain([&challenger]).collect();
    let labels = challenge::labels(&models, held_out);
    let score =
        challenge::score(&challenger, held_out, &labels).context("cannot score the challenger")?;
    findings.challenger_score = Some(score);
    if let Some(model) = &champion.model {
        let champion_score = challenge::score(model, held_out, &labels)
            .context("cannot score the champion, so it cannot be compared with the challenger")?;
        findings.champion_score = Some(champion_score);
        if !by.wins(score, champion_score, arguments.margin) {
            return Ok(Verdict::Kept(format!(
                "the challenger's {} of {score:.4} is not better than the champion's {champion_score:.4} \
                 by {} %",
                by.name(),
                100.0 * arguments.margin
            )));
        }
    }

    let info = champion.model.as_ref().map(Model::info);
    let identity = info.map_or((spec.name.as_str(), "unknown"), |info| {
        (&info.name, &info.version)
    });
    let bytes = champion.bytes.as_deref();
    let published = gate.pass(|| publish(&arguments.model, &trained.component, bytes, identity));
    let warning = published.context("the service is stopping")??;
    findings.warnings.extend(warning);
    findings.version = Some(spec.version);
    findings.digest = Some(trained.sha256);
    Ok(Verdict::Published)
}

/// The serving model; both fields are `None` if there is no model file.
struct Champion {
    bytes: Option<Vec<u8>>,
    model: Option<Model>,
}

impl Champion {
    /// Loads the model file. If it does not exist, there is no champion, which adds a warning. A file
    /// that cannot be read or is not a model is an error: the host may still be serving an earlier
    /// model whose score is unknown.
    fn load(
        runtime: &Runtime,
        arguments: &ServeArguments,
        findings: &mut Findings,
    ) -> Result<Self> {
        let file = arguments.model.display();
        let bytes = match fs::read(&arguments.model) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let warning =
                    format!("there is no champion to compare with: {file} does not exist");
                findings.warnings.push(warning);
                return Ok(Self {
                    bytes: None,
                    model: None,
                });
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {file}")),
        };
        let model = runtime
            .load(&Component::new(bytes.clone()))
            .with_context(|| {
                format!(
                    "{file} cannot be used as the champion: replace it with a model, or remove it to \
                                     publish the challenger without a comparison"
                )
            })?;
        Ok(Self {
            bytes: Some(bytes),
            model: Some(model),
        })
    }
}
