use crate::table::Table;

/// The standardised statistics between which the p-value is interpolated.
const TABULATED: std::ops::RangeInclusive<f64> = 0.325..=6.546;

/// P-value of the two-sample Anderson–Darling test, midrank version for ties,
/// as scipy's `anderson_ksamp`: interpolated between tabulated critical values
/// and clamped to the range of the table, 0.001 to 0.25. At either end it is a
/// bound, not a probability. `None` for fewer than four rows.
///
/// Source: F. W. Scholz and M. A. Stephens, "K-Sample Anderson–Darling Tests",
/// JASA 82 (1987), equation 7 and table 2.
pub(super) fn p_value(table: &Table<'_>) -> Option<f64> {
    if table.total() < 4 {
        return None;
    }
    let statistic = (squared_distance(table) - 1.0) / variance(table).sqrt();
    let p_value = if statistic < *TABULATED.start() {
        0.25
    } else if statistic > *TABULATED.end() {
        0.001
    } else {
        // Least-squares fit of a parabola to the logarithms of the seven
        // significance levels over their critical values for two samples.
        let [square, linear, constant] = [
            0.018198094574111343,
            -1.0082265644652515,
            -1.077770279820486,
        ];
        ((square * statistic + linear) * statistic + constant).exp()
    };
    Some(p_value)
}

fn squared_distance(table: &Table<'_>) -> f64 {
    let (left, right) = table.lens();
    let n = left + right;
    let (mut below_left, mut below_right) = (0.0, 0.0);
    let mut sum = 0.0;
    for row in &table.rows {
        let (reference, current) = (row.reference as f64, row.current as f64);
        let equal = reference + current;
        let middle_left = below_left + reference / 2.0;
        let middle_right = below_right + current / 2.0;
        let middle = middle_left + middle_right;
        let scale = middle * (n - middle) - n * equal / 4.0;
        let squares = (n * middle_left - middle * left).powi(2) / left
            + (n * middle_right - middle * right).powi(2) / right;
        sum += equal / n * squares / scale;
        below_left += reference;
        below_right += current;
    }
    sum * (n - 1.0) / n
}

/// Variance of the squared distance of two samples from the same distribution.
fn variance(table: &Table<'_>) -> f64 {
    let (left, right) = table.lens();
    let n = left + right;
    let inverses = 1.0 / left + 1.0 / right;
    let (mut h, mut g) = (0.0, 0.0);
    for i in 1..table.total() - 1 {
        h += 1.0 / (n - i as f64);
        g += h / (i + 1) as f64;
    }
    h += 1.0;

    let a = (4.0 * g - 6.0) + (10.0 - 6.0 * g) * inverses;
    let b = 4.0 * (2.0 * g - 4.0) + 16.0 * h + (2.0 * g - 14.0 * h - 4.0) * inverses - 8.0 * h
        + 4.0 * g
        - 6.0;
    let c = 4.0 * (6.0 * h + 2.0 * g - 2.0)
        + 2.0 * (4.0 * h - 4.0 * g + 6.0)
        + (2.0 * h - 6.0) * inverses
        + 4.0 * h;
    let d = 4.0 * (2.0 * h + 6.0) - 8.0 * h;
    (((a * n + b) * n + c) * n + d) / ((n - 1.0) * (n - 2.0) * (n - 3.0))
}
