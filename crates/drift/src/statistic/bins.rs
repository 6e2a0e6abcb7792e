use crate::kind::Kind;
use crate::table::{Row, Table};

/// Share of the reference and of the current sample in each bin.
///
/// As in Evidently, a numerical column with more than 20 distinct reference
/// values is divided into [`equal_widths`] by the number of rows in both samples;
/// otherwise each distinct value of either sample is a bin. `None` if the range
/// overflows.
pub(super) fn shares(table: &Table<'_>, kind: Kind) -> Option<Vec<(f64, f64)>> {
    if kind == Kind::Numerical && table.reference.counts.len() > 20 {
        equal_widths(table, table.total())
    } else {
        Some(
            table
                .rows
                .iter()
                .map(|row| share(table, row.reference, row.current))
                .collect(),
        )
    }
}

/// Shares in bins of equal width over the range of both samples, their number by
/// Sturges' rule for this number of `observations`. `None` if the range overflows.
///
/// Reproduces numpy's `histogram_bin_edges(bins="sturges")` and `histogram` for
/// floating-point columns, bit for bit at each edge. (For integer columns numpy
/// allows no bin narrower than 1; whether numbers are integers is not known here.)
///
/// Source: H. A. Sturges, "The Choice of a Class Interval", JASA 21 (1926).
pub(super) fn equal_widths(table: &Table<'_>, observations: usize) -> Option<Vec<(f64, f64)>> {
    let [Row { value: first, .. }, .., Row { value: last, .. }] = table.rows[..] else {
        return Some(vec![(1.0, 1.0)]);
    };
    let range = last - first;
    if !range.is_finite() {
        return None;
    }
    let width = range / ((observations as f64).log2() + 1.0);
    let bins = if width > 0.0 {
        (range / width).ceil() as usize
    } else {
        1
    };
    let step = range / bins as f64;

    let mut counts = vec![(0, 0); bins];
    let mut bin = 0;
    for row in &table.rows {
        while bin + 1 < bins && row.value >= (bin + 1) as f64 * step + first {
            bin += 1;
        }
        counts[bin].0 += row.reference;
        counts[bin].1 += row.current;
    }
    Some(
        counts
            .into_iter()
            .map(|(left, right)| share(table, left, right))
            .collect(),
    )
}

fn share(table: &Table<'_>, reference: usize, current: usize) -> (f64, f64) {
    let (left, right) = table.lens();
    (reference as f64 / left, current as f64 / right)
}
