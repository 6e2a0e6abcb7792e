//! Exact binning of features by the thresholds of a forest.

/// The distinct thresholds of every feature, ascending.
///
/// A value's *bin* is the number of its feature's thresholds below it. Then `x <= t[k]`
/// exactly when `bin(x) <= k`: if `x <= t[k]`, only thresholds before `k` can be below `x`;
/// if `x > t[k]`, at least the `k + 1` thresholds up to `k` are. NaN compares false with
/// every threshold and takes the last bin, which goes right everywhere. Nothing is rounded.
#[derive(Debug, Clone, Copy)]
pub struct Bins<'a> {
    offsets: &'a [u32],
    thresholds: &'a [f64],
}

impl<'a> Bins<'a> {
    /// Bins over `thresholds`, where those of feature `f` lie at `offsets[f]..offsets[f + 1]`.
    pub(crate) fn new(offsets: &'a [u32], thresholds: &'a [f64]) -> Self {
        Self {
            offsets,
            thresholds,
        }
    }

    /// The thresholds of a feature, ascending and distinct.
    ///
    /// # Panics
    ///
    /// If there is no such feature.
    #[must_use]
    pub fn thresholds(&self, feature: usize) -> &'a [f64] {
        &self.thresholds[self.offsets[feature] as usize..self.offsets[feature + 1] as usize]
    }

    /// The bin of every value of a row: `bins[f]` for `row[f]`.
    #[inline]
    pub(crate) fn row(&self, row: &[f64], bins: &mut [u32]) {
        for (feature, (&value, bin)) in row.iter().zip(bins).enumerate() {
            *bin = below(self.thresholds(feature), value);
        }
    }
}

/// Number of `thresholds` (ascending) below `value`; all of them for NaN.
#[inline]
fn below(thresholds: &[f64], value: f64) -> u32 {
    let mut base = 0;
    let mut length = thresholds.len();
    while length > 0 {
        let half = length / 2;
        // "Not at most" rather than "greater", so that NaN goes to the end.
        #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN takes the last bin")]
        let right = !(value <= thresholds[base + half]);
        base = if right { base + half + 1 } else { base };
        length = if right { length - half - 1 } else { half };
    }
    base as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_is_the_number_of_thresholds_below() {
        let thresholds = [-1.0, 0.0, 2.5];
        for (value, bin) in [
            (f64::NEG_INFINITY, 0),
            (-1.0, 0),
            (-0.5, 1),
            (-0.0, 1),
            (0.0, 1),
            (2.5, 2),
            (2.500_000_000_000_000_4, 3),
            (f64::INFINITY, 3),
            (f64::NAN, 3),
        ] {
            assert_eq!(below(&thresholds, value), bin, "{value}");
        }
        assert_eq!(below(&[], 1.0), 0);
    }
}
