//! The statistics: functions of the table of two samples.

mod anderson;
mod bins;
mod chi_square;
mod cramer_von_mises;
mod distribution;
mod divergence;
mod epps_singleton;
mod fisher;
mod hypergeometric;
mod ks;
mod ks_asymptotic;
mod mann_whitney;
mod mersenne_twister;
mod t_test;
mod tvd;
mod wasserstein;
mod z;

use crate::kind::Kind;
use crate::method::Method;
use crate::table::Table;

/// Standard error of a score that comes from random permutations; `None` for the
/// other methods.
pub(crate) fn score_error(table: &Table<'_>, method: Method, score: f64) -> Option<f64> {
    (method == Method::Tvd && table.rows.len() > 1).then(|| tvd::standard_error(table, score))
}

/// The p-value or distance of the two samples; `None` where it is undefined:
/// a sample is empty, the method needs more rows or other values, or the
/// arithmetic overflows.
///
/// Two samples that consist of the same single value do not differ by any method.
/// (For them, Evidently fails or returns NaN with `chisquare`, `anderson`, `es`,
/// `t_test`, `mannw` and `fisher_exact`.)
pub(crate) fn score(table: &Table<'_>, kind: Kind, method: Method) -> Option<f64> {
    if table.reference.len() == 0 || table.current.len() == 0 {
        return None;
    }
    if table.rows.len() == 1 {
        return Some(if method.is_p_value() { 1.0 } else { 0.0 });
    }
    let score = match method {
        Method::Ks => Some(ks::p_value(table)),
        Method::ChiSquare => Some(chi_square::pearson(table)),
        Method::Z => Some(z::p_value(table)),
        Method::Wasserstein => wasserstein::normed(table),
        Method::JensenShannon => divergence::jensen_shannon(table, kind),
        Method::Psi => divergence::psi(table, kind),
        Method::KlDiv => divergence::kullback_leibler(table, kind),
        Method::Hellinger => divergence::hellinger(table, kind),
        Method::Tvd => Some(tvd::p_value(table)),
        Method::Anderson => anderson::p_value(table),
        Method::CramerVonMises => cramer_von_mises::p_value(table),
        Method::MannWhitney => Some(mann_whitney::p_value(table)),
        Method::EnergyDistance => Some(wasserstein::energy(table)),
        Method::EppsSingleton => epps_singleton::p_value(table),
        Method::TTest => t_test::p_value(table),
        Method::GTest => Some(chi_square::likelihood_ratio(table)),
        Method::FisherExact => fisher::p_value(table),
    };
    score.filter(|score| score.is_finite())
}
