//! The judgement on a challenger: better on the held-out rows, and not worse on what the champion is
//! good at.

use anyhow::{Context as _, Result};
use canopy_observations::Batch;
use canopy_runtime::Model;

use super::challenge::{self, Score};
use super::held_out::Split;
use super::run::{Check, Findings};
use crate::spec::Retraining;

/// Scores the challenger and the champion, if there is one, and records the scores. Returns the reason
/// why the champion is kept, if it is.
///
/// # Errors
///
/// If a model cannot be scored.
pub(super) fn judge(
    challenger: &Model,
    champion: Option<&Model>,
    split: &Split,
    (margin, gate): (f64, &Retraining),
    findings: &mut Findings,
) -> Result<Option<String>> {
    let held_out = &split.held_out();
    findings.held_out_rows = Some(held_out.rows());
    let by = Score::of(&held_out.targets);
    findings.score = Some(by);
    let scored = |model: &Model, rows: &Batch| {
        let models: Vec<&Model> = champion.into_iter().chain([challenger]).collect();
        challenge::score(model, rows, &challenge::labels(&models, rows))
    };
    let score = scored(challenger, held_out).context("cannot score the challenger")?;
    findings.challenger_score = Some(score);
    let Some(champion) = champion else {
        return Ok(None);
    };
    let champion_score = scored(champion, held_out)
        .context("cannot score the champion, so it cannot be compared with the challenger")?;
    findings.champion_score = Some(champion_score);
    if !by.wins(score, champion_score, margin) {
        return Ok(Some(format!(
            "the challenger's {} of {score:.4} is not better than the champion's {champion_score:.4} \
             by {} %",
            by.name(),
            100.0 * margin
        )));
    }
    // It was trained on its reference, and is better there than on other rows.
    let out_of_bag = challenge::out_of_bag(champion, by);
    let others = [
        ("older batches", split.held_out_before(), None),
        (
            "the champion's reference",
            challenge::reference(champion),
            out_of_bag,
        ),
    ];
    for (name, rows, at_best) in others {
        if rows.rows() == 0 {
            continue;
        }
        let its_score = scored(challenger, &rows)
            .with_context(|| format!("cannot score the challenger on {name}"))?;
        let champions = scored(champion, &rows)
            .with_context(|| format!("cannot score the champion on {name}"))?;
        let bar = at_best.map_or(champions, |at_best| by.worse(champions, at_best));
        findings.checks.push(Check {
            rows_of: name.to_owned(),
            rows: rows.rows(),
            champion_score: bar,
            challenger_score: its_score,
        });
        if !by.holds(its_score, bar, gate.max_setback) {
            return Ok(Some(format!(
                "the challenger's {} of {its_score:.4} on {name} is worse than the champion's \
                 {bar:.4} by more than `max_setback` of [retraining], {} %",
                by.name(),
                100.0 * gate.max_setback
            )));
        }
    }
    Ok(None)
}
