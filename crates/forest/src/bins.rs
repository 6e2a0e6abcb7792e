//! Exact binning of features by the thresholds of a forest.

use crate::layout::{Parts, Scale};
use crate::simd::clamp;

/// The distinct thresholds of every feature, ascending.
///
/// A value's *bin* is the number of its feature's thresholds below it. Then `x <= t[k]`
/// exactly when `bin(x) <= k`: if `x <= t[k]`, only thresholds before `k` can be below `x`;
/// if `x > t[k]`, at least the `k + 1` thresholds up to `k` are. NaN compares false with
/// every threshold and takes the last bin, which goes right everywhere. Nothing is rounded.
///
/// A bin is found in *buckets* of equal width rather than by search. A value's bucket increases
/// monotonically with the value, rounding included: subtraction, multiplication by a factor that
/// is not negative, and rounding all preserve order. Therefore the thresholds in lower buckets are
/// below the value, those in higher buckets are not, and only the thresholds in its own bucket, at
/// most four, have to be compared.
#[derive(Debug, Clone, Copy)]
pub struct Bins<'a> {
    thresholds: &'a [f64],
    scales: &'a [Scale],
    buckets: &'a [u32],
}

/// Maximum number of thresholds of a feature.
pub(crate) const MAX_THRESHOLDS: usize = 1 << 20;

/// Maximum number of thresholds in a bucket.
const PER_BUCKET: usize = 4;

/// Adding it to a number leaves the nearest integer in the low bits.
const WHOLE: f64 = (1_u64 << 52) as f64;

impl<'a> Bins<'a> {
    pub(crate) fn new(parts: &Parts<'a>) -> Self {
        Self {
            thresholds: parts.thresholds,
            scales: parts.scales,
            buckets: parts.buckets,
        }
    }

    /// The thresholds of a feature, ascending and distinct.
    ///
    /// # Panics
    ///
    /// If there is no such feature.
    #[must_use]
    pub fn thresholds(&self, feature: usize) -> &'a [f64] {
        let scale = &self.scales[feature];
        &self.thresholds[scale.offset as usize..][..scale.count as usize]
    }

    /// Writes the bins of rows (row-major, rows × features) by slot (row-major, rows ×
    /// (features + 1)): slot `f + 1` holds the bin of `row[f]`; slot 0 is not written.
    // Not inlined, so that it has all registers.
    #[inline(never)]
    pub fn rows(&self, rows: &[f64], bins: &mut [u32]) {
        let width = self.scales.len();
        let rows = rows
            .chunks_exact(width)
            .zip(bins.chunks_exact_mut(width + 1));
        for (row, bins) in rows {
            let values = row.iter().zip(self.scales).zip(&mut bins[1..]);
            for (feature, ((&value, scale), bin)) in values.enumerate() {
                *bin = match scale.buckets {
                    0 => below(self.thresholds(feature), value),
                    _ => self.below(scale, value),
                };
            }
        }
    }

    /// Like [`below`], by buckets.
    #[inline]
    fn below(&self, scale: &Scale, value: f64) -> u32 {
        let bucket = scale.first + bucket(scale, value);
        let mut bin = self.buckets[bucket as usize];
        let start = (scale.offset + bin) as usize;
        for &threshold in &self.thresholds[start..start + PER_BUCKET] {
            bin += u32::from(not_at_most(value, threshold));
        }
        bin.min(scale.count)
    }
}

/// The bucket of a value; the last one for NaN.
#[inline]
fn bucket(scale: &Scale, value: f64) -> u32 {
    let place = (value - scale.lower) * scale.factor;
    (clamp(place, f64::from(scale.buckets - 1)) + WHOLE).to_bits() as u32
}

/// "Not at most" rather than "greater", so that NaN goes right.
#[inline]
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN takes the last bin")]
fn not_at_most(value: f64, threshold: f64) -> bool {
    !(value <= threshold)
}

/// Number of `thresholds` (ascending) below `value`; all of them for NaN.
pub(crate) fn below(thresholds: &[f64], value: f64) -> u32 {
    thresholds.partition_point(|&threshold| not_at_most(value, threshold)) as u32
}

/// Padding after the thresholds of each feature, so that four can always be read.
pub(crate) const PADDING: [f64; PER_BUCKET] = [f64::INFINITY; PER_BUCKET];

/// Adds the buckets of a feature whose thresholds begin at `offset`: enough for at most
/// [`PER_BUCKET`] thresholds each, or none if the thresholds are too uneven.
pub(crate) fn scale(thresholds: &[f64], offset: usize, buckets: &mut Vec<u32>) -> Scale {
    let none = Scale {
        lower: 0.0,
        factor: 0.0,
        first: 0,
        buckets: 0,
        offset: offset as u32,
        count: thresholds.len() as u32,
    };
    let (Some(&lower), Some(&upper)) = (thresholds.first(), thresholds.last()) else {
        buckets.push(0);
        return Scale {
            first: buckets.len() as u32 - 1,
            buckets: 1,
            ..none
        };
    };
    let count = thresholds.len() as u32;
    let scales = [1, 2, 4, 8].map(|share| Scale {
        lower,
        factor: f64::from(share * count) / (upper - lower),
        first: buckets.len() as u32,
        buckets: share * count + 1,
        ..none
    });
    let scale = scales.into_iter().find(|scale| {
        let places: Vec<u32> = thresholds
            .iter()
            .map(|&value| bucket(scale, value))
            .collect();
        let apart = places
            .windows(PER_BUCKET + 1)
            .all(|places| places[0] != places[PER_BUCKET]);
        apart && scale.factor.is_finite() && scale.factor > 0.0
    });
    let Some(scale) = scale.or((thresholds.len() <= PER_BUCKET).then_some(Scale {
        first: buckets.len() as u32,
        buckets: 1,
        ..none
    })) else {
        return none;
    };
    let places: Vec<u32> = thresholds
        .iter()
        .map(|&value| bucket(&scale, value))
        .collect();
    buckets.extend(
        (0..scale.buckets).map(|bucket| places.partition_point(|&place| place < bucket) as u32),
    );
    scale
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
