//! One retraining, from the observed rows to a verdict.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context as _, Result};
use canopy_runtime::{Component, Limits, Model, Runtime};
use indicatif::ProgressBar;
use jiff::Timestamp;

use super::contest::{self, Score};
use super::gate::Gate;
use super::observations::{Observations, Split};
use super::publish::publish;
use super::run::{Findings, Verdict};
use crate::cli::ServeArguments;
use crate::spec::Spec;
use crate::table::Table;
use crate::trained::Trained;

/// Trains a challenger and publishes it if it beats the champion, or if there is no champion.
/// `findings` has what was found out, also after an error.
///
/// # Errors
///
/// Whatever went wrong; the served file is as it was then.
pub(crate) fn retrain(
    arguments: &ServeArguments,
    gate: &Gate,
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
        .with_context(|| format!("{} cannot be trained", arguments.spec.display()))?
        .with_observed(&spec, &split.training)?;
    findings.rows = Some(table.rows());
    findings.warnings.extend(table.warning.clone());
    let trained = Trained::new(&spec, &table, arguments.threads, &ProgressBar::hidden())?;
    let challenger = runtime.load(&Component::new(trained.component.clone()))?;

    let by = Score::of(&held_out.targets);
    findings.score = Some(by.name());
    let models: Vec<&Model> = champion.model.iter().chain([&challenger]).collect();
    let labels = contest::labels(&models, held_out);
    let score = contest::score(&challenger, held_out, &labels)
        .context("the challenger cannot be scored")?;
    findings.challenger_score = Some(score);
    if let Some(model) = &champion.model {
        let other = contest::score(model, held_out, &labels)
            .context("the serving model cannot be compared with what the specification makes")?;
        findings.champion_score = Some(other);
        if !by.wins(score, other, arguments.margin) {
            return Ok(Verdict::Kept(format!(
                "the challenger's {} of {score:.4} is not better than the champion's {other:.4} \
                 by {} %",
                by.name(),
                100.0 * arguments.margin
            )));
        }
    }

    let before = champion.model.as_ref().map(Model::info);
    let before = before.map_or((spec.name.as_str(), "unknown"), |info| {
        (&info.name, &info.version)
    });
    let served = champion.bytes.as_deref();
    let published = gate.pass(|| publish(&arguments.model, &trained.component, served, before));
    let warning = published.context("the service was told to stop")??;
    findings.warnings.extend(warning);
    findings.version = Some(spec.version);
    findings.digest = Some(trained.sha256);
    Ok(Verdict::Published)
}

/// The file that serves, as far as it can be used.
struct Champion {
    bytes: Option<Vec<u8>>,
    model: Option<Model>,
}

impl Champion {
    /// Loads it. Where there is no file there is no champion, with a warning. What cannot be
    /// read or is no model is an error: the host may still serve the model that was there before,
    /// and nothing is known of how good that is.
    fn load(
        runtime: &Runtime,
        arguments: &ServeArguments,
        findings: &mut Findings,
    ) -> Result<Self> {
        let file = arguments.model.display();
        let bytes = match fs::read(&arguments.model) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let warning = format!("no model to compare with: there is no {file}");
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
                    "{file} cannot be compared with: put a model there, or nothing for the \
                 challenger to be published without a contest"
                )
            })?;
        Ok(Self {
            bytes: Some(bytes),
            model: Some(model),
        })
    }
}
