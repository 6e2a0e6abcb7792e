//! Distances between the binned shares of two samples.

use super::bins;
use crate::kind::Kind;
use crate::table::Table;

/// Jensen–Shannon distance: the square root of the mean of the divergences of
/// both samples from their mixture, in nats.
///
/// Source: J. Lin, "Divergence Measures Based on the Shannon Entropy", IEEE
/// Trans. Inf. Theory 37 (1991); the root as scipy's `jensenshannon`.
pub(super) fn jensen_shannon(table: &Table<'_>, kind: Kind) -> Option<f64> {
    let divergence: f64 = bins::shares(table, kind)?
        .into_iter()
        .map(|(left, right)| {
            let mixture = (left + right) / 2.0;
            relative_entropy(left, mixture) + relative_entropy(right, mixture)
        })
        .sum();
    Some((divergence.max(0.0) / 2.0).sqrt())
}

/// Population stability index: the sum of `(r - c) ln(r / c)` over the shares
/// of reference and current sample, empty bins filled.
///
/// Source: N. Siddiqi, "Credit Risk Scorecards" (2006).
pub(super) fn psi(table: &Table<'_>, kind: Kind) -> Option<f64> {
    let shares = filled(bins::shares(table, kind)?);
    Some(
        shares
            .iter()
            .map(|(left, right)| (left - right) * (left / right).ln())
            .sum(),
    )
}

/// Divergence of the reference from the current sample, in nats, empty bins
/// filled and both sides normalised to a sum of 1 again, as by scipy's
/// `entropy`.
///
/// Source: S. Kullback and R. A. Leibler, "On Information and Sufficiency",
/// Ann. Math. Stat. 22 (1951).
pub(super) fn kullback_leibler(table: &Table<'_>, kind: Kind) -> Option<f64> {
    let shares = filled(bins::shares(table, kind)?);
    let left_total: f64 = shares.iter().map(|share| share.0).sum();
    let right_total: f64 = shares.iter().map(|share| share.1).sum();
    let terms = shares
        .iter()
        .map(|(left, right)| relative_entropy(left / left_total, right / right_total));
    Some(terms.sum())
}

/// Hellinger distance.
///
/// As in Evidently, numerical columns are always binned, with the number of bins
/// from the number of distinct values. Computed as half the sum of
/// `(sqrt(r) - sqrt(c))²`, which equals 1 minus the sum of `sqrt(r c)` but stays
/// precise for samples that are nearly equal.
///
/// Source: E. Hellinger, "Neue Begründung der Theorie quadratischer Formen von
/// unendlichvielen Veränderlichen", J. reine angew. Math. 136 (1909).
pub(super) fn hellinger(table: &Table<'_>, kind: Kind) -> Option<f64> {
    let shares = match kind {
        Kind::Numerical => bins::equal_widths(table, table.rows.len())?,
        Kind::Categorical => bins::shares(table, kind)?,
    };
    let squares: f64 = shares
        .iter()
        .map(|(left, right)| (left.sqrt() - right.sqrt()).powi(2))
        .sum();
    Some((squares / 2.0).sqrt())
}

fn relative_entropy(left: f64, right: f64) -> f64 {
    if left > 0.0 {
        left * (left / right).ln()
    } else {
        0.0
    }
}

/// Replaces the share of empty bins so that logarithms stay finite: by 0.0001, or
/// by a millionth of the smallest other share if that is at most 0.0001. As in
/// Evidently, the shares no longer sum to 1.
fn filled(mut shares: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let smallest = shares.iter().fold((1.0, 1.0), |least: (f64, f64), share| {
        let least_of = |least: f64, share: f64| if share > 0.0 { least.min(share) } else { least };
        (least_of(least.0, share.0), least_of(least.1, share.1))
    });
    let filler = |smallest: f64| {
        if smallest <= 0.0001 {
            smallest / 1e6
        } else {
            0.0001
        }
    };
    for (left, right) in &mut shares {
        if *left == 0.0 {
            *left = filler(smallest.0);
        }
        if *right == 0.0 {
            *right = filler(smallest.1);
        }
    }
    shares
}
