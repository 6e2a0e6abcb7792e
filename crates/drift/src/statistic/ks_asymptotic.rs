//! Distribution of the one-sample Kolmogorov–Smirnov statistic.

use std::f64::consts::PI;

/// Probability that the statistic of `n` rows (a whole number) is at least `d`.
///
/// Chooses among the methods below by the same limits as scipy's `kstwo.sf`.
///
/// Source: R. Simard and P. L'Ecuyer, "Computing the Two-Sided
/// Kolmogorov–Smirnov Distribution", J. Stat. Softw. 39 (2011).
pub(super) fn tail(n: f64, d: f64) -> f64 {
    let steps = n * d;
    let square = steps * d;
    let p_value = if steps <= 0.5 {
        1.0
    } else if d >= 1.0 || square >= 370.0 {
        0.0
    } else if d >= 0.5 || square >= if n <= 140.0 { 4.0 } else { 2.2 } {
        2.0 * one_sided(n, d)
    } else if n <= 140.0 || (n <= 100_000.0 && n * d.powf(1.5) <= 1.4) {
        1.0 - durbin(n, d)
    } else {
        1.0 - pelz_good(n, d)
    };
    p_value.clamp(0.0, 1.0)
}

/// Probability that the one-sided statistic is at least `d`: half the two-sided
/// probability where both sides are never or hardly ever reached at once.
///
/// Source: Z. W. Birnbaum and F. H. Tingey, "One-sided confidence contours for
/// probability distribution functions", Ann. Math. Stat. 22 (1951).
fn one_sided(n: f64, d: f64) -> f64 {
    let last = (n * (1.0 - d)).floor() as usize;
    let mut log_choices = 0.0;
    let mut sum = 0.0;
    for j in 0..=last {
        let j = j as f64;
        if j > 0.0 {
            log_choices += ((n - j + 1.0) / j).ln();
        }
        let rise = d + j / n;
        let rest = (1.0 - rise).max(0.0);
        sum += (log_choices + (j - 1.0) * rise.ln() + (n - j) * rest.ln()).exp();
    }
    d * sum
}

/// Probability that the statistic is below `d`, exact, by powers of Durbin's
/// matrix.
///
/// Source: G. Marsaglia, W. W. Tsang and J. Wang, "Evaluating Kolmogorov's
/// Distribution", J. Stat. Softw. 8 (2003).
fn durbin(n: f64, d: f64) -> f64 {
    let steps = (n * d).ceil();
    let excess = steps - n * d;
    let centre = steps as usize - 1;
    let size = 2 * centre + 1;

    let mut edge = vec![0.0; size];
    let mut inverse_factorials = vec![1.0; size + 1];
    for j in 1..=size {
        inverse_factorials[j] = inverse_factorials[j - 1] / j as f64;
        edge[j - 1] = (1.0 - excess.powi(j as i32)) * inverse_factorials[j];
    }
    let corner = (2.0 * excess - 1.0).max(0.0).powi(size as i32) - 2.0 * excess.powi(size as i32);
    edge[size - 1] = (1.0 + corner) * inverse_factorials[size];

    let mut base = Scaled {
        cells: vec![0.0; size * size],
        size,
        exponent: 0,
    };
    for row in 0..size {
        for column in 0..=(row + 1).min(size - 1) {
            base.cells[row * size + column] = if column == 0 {
                edge[row]
            } else if row == size - 1 {
                edge[size - 1 - column]
            } else {
                inverse_factorials[row + 1 - column]
            };
        }
    }
    let power = base.power(n as u32);
    let mut probability = power.cells[centre * size + centre];
    let mut exponent = power.exponent;
    for i in 1..=n as u32 {
        probability *= f64::from(i) / n;
        if probability < 1e-140 {
            probability *= 1e140;
            exponent -= 140;
        }
    }
    probability * 10f64.powi(exponent)
}

/// A square matrix times a power of ten.
#[derive(Clone)]
struct Scaled {
    cells: Vec<f64>,
    size: usize,
    exponent: i32,
}

impl Scaled {
    fn power(&self, exponent: u32) -> Self {
        if exponent <= 1 {
            return self.clone();
        }
        let half = self.power(exponent / 2);
        let square = half.times(&half);
        if exponent.is_multiple_of(2) {
            square
        } else {
            square.times(self)
        }
    }

    fn times(&self, other: &Self) -> Self {
        let size = self.size;
        let mut cells = vec![0.0; size * size];
        for row in 0..size {
            for inner in 0..size {
                let factor = self.cells[row * size + inner];
                for column in 0..size {
                    cells[row * size + column] += factor * other.cells[inner * size + column];
                }
            }
        }
        let mut exponent = self.exponent + other.exponent;
        if cells[size * size / 2] > 1e140 {
            cells.iter_mut().for_each(|cell| *cell *= 1e-140);
            exponent += 140;
        }
        Self {
            cells,
            size,
            exponent,
        }
    }
}

/// Probability that the statistic is below `d`: the first four terms of an
/// expansion in powers of 1 / sqrt(n).
///
/// Source: W. Pelz and I. J. Good, "Approximating the Lower Tail-Areas of the
/// Kolmogorov–Smirnov One-Sample Statistic", J. R. Stat. Soc. B 38 (1976).
fn pelz_good(n: f64, d: f64) -> f64 {
    let z = n.sqrt() * d;
    let (z2, z4, z6) = (z.powi(2), z.powi(4), z.powi(6));
    let (p2, p4, p6) = (PI.powi(2), PI.powi(4), PI.powi(6));
    let terms = (16.0 * z / PI).ceil() as i32;

    let mut sums = [0.0; 4];
    for k in 1..=terms {
        let odd = f64::from(2 * k - 1);
        let (m2, m4, m6) = (odd.powi(2), odd.powi(4), odd.powi(6));
        let decay = (-p2 * m2 / (8.0 * z2)).exp();
        sums[0] += decay;
        sums[1] += decay * (p2 / 4.0 * m2 - z2);
        sums[2] += decay
            * (6.0 * z6
                + 2.0 * z4
                + p2 / 4.0 * (2.0 * z4 - 5.0 * z2) * m2
                + p4 / 16.0 * (1.0 - 2.0 * z2) * m4);
        sums[3] += decay
            * (-30.0 * z6 - 90.0 * z4 * z4
                + p2 / 4.0 * (135.0 * z4 - 96.0 * z6) * m2
                + p4 / 16.0 * (212.0 * z4 - 60.0 * z2) * m4
                + p6 / 64.0 * (5.0 - 30.0 * z2) * m6);
    }
    let mut whole = [0.0; 2];
    for k in 1..=terms {
        let k2 = f64::from(k).powi(2);
        let decay = (-p2 * k2 / (2.0 * z2)).exp();
        whole[0] += decay * k2;
        whole[1] += decay * k2 * (3.0 * z2 - p2 * k2);
    }

    let root = (2.0 * PI).sqrt();
    let orders = [
        root * sums[0] / z,
        root * sums[1] / (6.0 * z4),
        root * (sums[2] / (72.0 * z6 * z) - p2 * whole[0] / (36.0 * z2 * z)),
        root * (sums[3] / (6480.0 * z6 * z4) + p2 * whole[1] / (216.0 * z6)),
    ];
    orders[0] + orders[1] / n.sqrt() + orders[2] / n + orders[3] / n.powf(1.5)
}
