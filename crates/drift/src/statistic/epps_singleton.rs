use super::distribution::chi_square_tail;
use crate::sample::Sample;
use crate::table::Table;

/// Points at which the characteristic functions are compared, in units of half the
/// interquartile range.
const POINTS: [f64; 2] = [0.4, 0.8];

/// Smallest eigenvalue of the covariance that does not count as 0, relative to the
/// largest: above the rounding error for samples with few distinct values.
const MIN_EIGENVALUE: f64 = 1e-13;

type Vector = [f64; 4];
type Matrix = [Vector; 4];

/// P-value of the Epps–Singleton test, as scipy's `epps_singleton_2samp`: a
/// chi-square test of the cosines and sines of both samples at two points.
/// `None` if either sample has fewer than five rows, or if the middle half of all
/// rows has a single value, for which Evidently fails.
///
/// For columns of two or three values the covariance is singular. With scipy's
/// cut-off a rounding error then sometimes counts as one more degree of freedom,
/// which makes the p-value too large; the cut-off used here is wider.
///
/// Source: T. W. Epps and K. J. Singleton, "An omnibus test for the two-sample
/// problem using the empirical characteristic function", J. Stat. Comput.
/// Simul. 26 (1986).
pub(super) fn p_value(table: &Table<'_>) -> Option<f64> {
    let (left, right) = table.lens();
    let n = left + right;
    let unit = (quantile(table, 0.75) - quantile(table, 0.25)) / 2.0;
    if left.min(right) < 5.0 || unit == 0.0 {
        return None;
    }
    let (left_mean, left_covariance) = moments(table.reference, unit);
    let (right_mean, right_covariance) = moments(table.current, unit);
    let mut covariance = [[0.0; 4]; 4];
    for i in 0..4 {
        for j in 0..4 {
            covariance[i][j] =
                n / left * left_covariance[i][j] + n / right * right_covariance[i][j];
        }
    }

    let (values, vectors) = eigen(covariance);
    let largest = values
        .iter()
        .fold(0.0, |largest: f64, value| largest.max(*value));
    let (mut statistic, mut rank) = (0.0, 0.0);
    for k in (0..4).filter(|&k| values[k] > largest * MIN_EIGENVALUE) {
        let along: f64 = (0..4)
            .map(|i| vectors[i][k] * (left_mean[i] - right_mean[i]))
            .sum();
        statistic += n * along * along / values[k];
        rank += 1.0;
    }
    if rank == 0.0 {
        return None;
    }
    if left.max(right) < 25.0 {
        statistic /= 1.0 + n.powf(-0.45) + 10.1 * (left.powf(-1.7) + right.powf(-1.7));
    }
    Some(chi_square_tail(statistic, rank))
}

/// Quantile of both samples together, linear between rows.
fn quantile(table: &Table<'_>, share: f64) -> f64 {
    let position = share * (table.total() - 1) as f64;
    let row_at = |index: usize| {
        let mut after = 0;
        let mut reaches = |count: usize| {
            after += count;
            after > index
        };
        table
            .rows
            .iter()
            .find(|row| reaches(row.both()))
            .map_or(f64::NAN, |row| row.value)
    };
    let (low, high) = (
        row_at(position.floor() as usize),
        row_at(position.ceil() as usize),
    );
    low + (high - low) * position.fract()
}

/// Mean and covariance (population form) of the cosines and sines of a sample.
fn moments(sample: &Sample, unit: f64) -> (Vector, Matrix) {
    let rows = sample.len() as f64;
    let waves: Vec<(Vector, f64)> = sample
        .counts
        .iter()
        .map(|&(value, count)| {
            let [first, second] = POINTS.map(|point| point / unit * value);
            (
                [first.cos(), second.cos(), first.sin(), second.sin()],
                count as f64 / rows,
            )
        })
        .collect();
    let mut mean = [0.0; 4];
    for (wave, share) in &waves {
        for i in 0..4 {
            mean[i] += share * wave[i];
        }
    }
    let mut covariance = [[0.0; 4]; 4];
    for (wave, share) in &waves {
        for i in 0..4 {
            for j in 0..4 {
                covariance[i][j] += share * (wave[i] - mean[i]) * (wave[j] - mean[j]);
            }
        }
    }
    (mean, covariance)
}

/// Eigenvalues of a symmetric matrix, and eigenvectors as columns, by Jacobi's
/// rotations.
///
/// Source: G. H. Golub and C. F. Van Loan, "Matrix Computations" (2013),
/// section 8.5.
fn eigen(mut matrix: Matrix) -> (Vector, Matrix) {
    let mut vectors = [[0.0; 4]; 4];
    for (i, row) in vectors.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    // Convergence is quadratic: a few sweeps suffice for four rows.
    for _ in 0..16 {
        for (p, q) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            if matrix[p][q] == 0.0 {
                continue;
            }
            let ratio = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
            let tangent = ratio.signum() / (ratio.abs() + ratio.hypot(1.0));
            let cosine = 1.0 / tangent.hypot(1.0);
            let sine = tangent * cosine;
            for row in &mut matrix {
                (row[p], row[q]) = (
                    cosine * row[p] - sine * row[q],
                    sine * row[p] + cosine * row[q],
                );
            }
            let (left, right) = (matrix[p], matrix[q]);
            matrix[p] = [0, 1, 2, 3].map(|k| cosine * left[k] - sine * right[k]);
            matrix[q] = [0, 1, 2, 3].map(|k| sine * left[k] + cosine * right[k]);
            for row in &mut vectors {
                (row[p], row[q]) = (
                    cosine * row[p] - sine * row[q],
                    sine * row[p] + cosine * row[q],
                );
            }
        }
    }
    ([0, 1, 2, 3].map(|i| matrix[i][i]), vectors)
}
