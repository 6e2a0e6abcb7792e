//! Tail probabilities of the distributions of test statistics.

use statrs::function::{beta, erf, gamma};

/// Probability that a standard normal variable exceeds `z`.
pub(super) fn normal_tail(z: f64) -> f64 {
    0.5 * erf::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// Probability that a chi-square variable with `freedom` > 0 degrees of freedom
/// exceeds `x`.
pub(super) fn chi_square_tail(x: f64, freedom: f64) -> f64 {
    if x <= 0.0 {
        1.0
    } else if x == f64::INFINITY {
        0.0
    } else {
        gamma::checked_gamma_ur(freedom / 2.0, x / 2.0).unwrap_or(f64::NAN)
    }
}

/// Probability that a Student's t variable with `freedom` > 0 degrees of
/// freedom is farther from 0 than `t`.
pub(super) fn student_both_tails(t: f64, freedom: f64) -> f64 {
    beta::checked_beta_reg(freedom / 2.0, 0.5, freedom / (freedom + t * t)).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of scipy's `norm.sf`, `chi2.sf` and `t.sf`.
    #[test]
    fn tails_equal_scipy() {
        let figures = [
            (normal_tail(1.0), 0.15865525393145707),
            (normal_tail(-0.3), 0.6179114221889526),
            (normal_tail(8.0), 6.22096057427174e-16),
            (chi_square_tail(3.0, 1.0), 0.08326451666355042),
            (chi_square_tail(0.5, 4.0), 0.9735009788392561),
            (chi_square_tail(250.0, 60.0), 4.901747961563307e-25),
            (student_both_tails(2.0, 10.0), 0.07338803477074037),
            (student_both_tails(0.1, 18000.0), 0.9203454391105798),
            (student_both_tails(6.0, 18000.0), 2.010951029718404e-09),
        ];
        for (ours, theirs) in figures {
            assert!((ours / theirs - 1.0).abs() < 1e-10, "{ours} {theirs}");
        }
    }
}
