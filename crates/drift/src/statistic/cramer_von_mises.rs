use std::cmp::Ordering;
use std::f64::consts::PI;

use statrs::function::gamma::ln_gamma;

use crate::table::Table;

/// The length of the longer sample up to which the p-value is exact.
const LONGEST_EXACT: usize = 20;

/// P-value of the two-sample Cramér–von Mises test with midranks for ties, as
/// scipy's `cramervonmises_2samp`: exact up to 20 rows in the longer sample,
/// else from the limiting distribution. `None` if a sample has fewer than two
/// rows.
///
/// Source: T. W. Anderson, "On the Distribution of the Two-Sample Cramér–von
/// Mises Criterion", Ann. Math. Stat. 33 (1962), equations 9 to 15.
pub(super) fn p_value(table: &Table<'_>) -> Option<f64> {
    let (reference, current) = (table.reference.len(), table.current.len());
    if reference.min(current) < 2 {
        return None;
    }
    let squares = rank_squares(table);
    if reference.max(current) <= LONGEST_EXACT {
        return Some(exact(squares, reference as u64, current as u64));
    }
    let (left, right) = table.lens();
    let (product, n) = (left * right, left + right);
    let statistic = squares / (product * n) - (4.0 * product - 1.0) / (6.0 * n);
    let mean = (1.0 + 1.0 / n) / 6.0;
    let spread = 4.0 * product * n - 3.0 * (left * left + right * right) - 2.0 * product;
    let variance = (n + 1.0) * spread / (180.0 * n * n * product);
    let normed = 1.0 / 6.0 + (statistic - mean) / (45.0 * variance).sqrt();
    Some(if normed < 0.003 {
        1.0
    } else {
        (1.0 - limit(normed)).max(0.0)
    })
}

/// The statistic U: for each sample its length times the sum of squared
/// differences between pooled and own ranks.
fn rank_squares(table: &Table<'_>) -> f64 {
    let (left, right) = table.lens();
    let (mut below_left, mut below_right) = (0, 0);
    let (mut left_squares, mut right_squares) = (0.0, 0.0);
    for row in &table.rows {
        let rank = (below_left + below_right) as f64 + (row.both() + 1) as f64 / 2.0;
        let squares = |below: usize, count: usize| -> f64 {
            (below + 1..=below + count)
                .map(|own| (rank - own as f64).powi(2))
                .sum()
        };
        left_squares += squares(below_left, row.reference);
        right_squares += squares(below_right, row.current);
        below_left += row.reference;
        below_right += row.current;
    }
    left * left_squares + right * right_squares
}

/// Share of all orders of both samples whose statistic is no smaller, by
/// counting the orders that lead to each value.
///
/// Source: Y. Xiao, A. Gordon and A. Yakovlev, "A C++ Program for the
/// Cramér–von Mises Two-Sample Test", J. Stat. Softw. 17 (2006).
fn exact(squares: f64, left: u64, right: u64) -> f64 {
    let multiple = left / gcd(left, right) * right;
    let (left_step, right_step) = (multiple / left, multiple / right);
    let product = (left * right) as f64;
    let least = ((multiple * multiple * (left + right)) as f64
        * (6.0 * squares - product * (4.0 * product - 1.0))
        / (6.0 * product * product))
        .floor();

    // Values of the statistic at each (i, j) of one row i, ascending, with the
    // number of paths that lead to each.
    let mut line = vec![Vec::new(); left as usize + 1];
    line[0].push((0, 1));
    for i in 0..=right {
        let mut beside = Vec::new();
        for (j, here) in (0..).zip(&mut line) {
            let step = (left_step * j).abs_diff(right_step * i).pow(2);
            *here = merged(&beside, here);
            here.iter_mut().for_each(|(value, _)| *value += step);
            beside.clone_from(here);
        }
    }
    let ends = &line[left as usize];
    let paths = |from: f64| -> u64 {
        ends.iter()
            .filter(|end| end.0 as f64 >= from)
            .map(|end| end.1)
            .sum()
    };
    paths(least) as f64 / paths(0.0) as f64
}

/// Merges two ascending lists of values with their numbers of paths.
fn merged(mut left: &[(u64, u64)], mut right: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut both = Vec::with_capacity(left.len() + right.len());
    while let ([first, left_rest @ ..], [second, right_rest @ ..]) = (left, right) {
        if first.0 <= second.0 {
            left = left_rest;
        }
        if second.0 <= first.0 {
            right = right_rest;
        }
        both.push(match first.0.cmp(&second.0) {
            Ordering::Less => *first,
            Ordering::Greater => *second,
            Ordering::Equal => (first.0, first.1 + second.1),
        });
    }
    both.extend_from_slice(left);
    both.extend_from_slice(right);
    both
}

fn gcd(left: u64, right: u64) -> u64 {
    if right == 0 {
        left
    } else {
        gcd(right, left % right)
    }
}

/// Limiting distribution of the statistic at `x`. As in scipy, the sum ends after
/// the first term below 1e-7, on which the digits of p-values near 1e-9 depend.
///
/// Source: S. Csörgő and J. J. Faraway, "The Exact and Asymptotic Distributions
/// of Cramér–von Mises Statistics", J. R. Stat. Soc. B 58 (1996), equation 1.3.
fn limit(x: f64) -> f64 {
    let mut total = 0.0;
    for k in 0.. {
        let k = f64::from(k);
        let y = 4.0 * k + 1.0;
        let factor = (ln_gamma(k + 0.5) - ln_gamma(k + 1.0)).exp() / (PI.powf(1.5) * x.sqrt());
        let term = factor * y.sqrt() * bessel(y * y / (16.0 * x));
        total += term;
        if term < 1e-7 {
            break;
        }
    }
    total
}

/// The modified Bessel function of the second kind of order 1/4 at `q` > 0,
/// times exp(-q).
///
/// The trapezoid rule on its integral over exp(-q cosh t) cosh(t / 4), which
/// converges exponentially; the step is fine enough wherever the value is not
/// negligible beside 1.
///
/// Source: NIST Digital Library of Mathematical Functions, 10.32.9 and 3.5(i).
fn bessel(q: f64) -> f64 {
    let step = 1.0 / 16.0;
    let mut sum = 0.5 * (-2.0 * q).exp();
    for i in 1.. {
        let t = f64::from(i) * step;
        let exponent = q * (1.0 + t.cosh());
        if exponent > 745.0 {
            break;
        }
        sum += (-exponent).exp() * (t / 4.0).cosh();
    }
    sum * step
}
