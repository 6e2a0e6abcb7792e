//! Operations on the vector registers of WebAssembly, with equivalents in plain Rust for every
//! other target.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) use vector::{Words, clamp};

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(crate) use plain::{Words, clamp};

/// Number of words in a vector register.
pub(crate) const WORDS: usize = 4;

/// Offset of the positions of bits: the exponent bias of single-precision numbers.
pub(crate) const BIAS: u32 = 127;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vector {
    use core::arch::wasm32::{
        f32x4_convert_i32x4, f64x2, f64x2_extract_lane, f64x2_pmax, f64x2_pmin, f64x2_splat,
        i32x4_neg, u32x4_add, u32x4_extract_lane, u32x4_shr, u32x4_splat, v128, v128_and,
        v128_load,
    };

    use super::WORDS;

    /// The words of one register.
    #[derive(Clone, Copy)]
    pub(crate) struct Words(v128);

    impl Words {
        #[inline]
        pub(crate) fn load(words: &[u32; WORDS]) -> Self {
            // SAFETY: there are four words; loads need no alignment.
            Self(unsafe { v128_load(words.as_ptr().cast()) })
        }

        #[inline]
        pub(crate) fn and(self, other: Self) -> Self {
            Self(v128_and(self.0, other.0))
        }

        /// Adds the positions of the lowest bits set, plus [`BIAS`]: the lowest bit alone is a
        /// power of two, and its exponent as a floating-point number is its position.
        #[inline]
        pub(crate) fn plus_lowest_bits(self, words: Self) -> Self {
            let lowest = f32x4_convert_i32x4(v128_and(words.0, i32x4_neg(words.0)));
            // Without the sign, which is set if the lowest bit is bit 31.
            let exponents = v128_and(u32x4_shr(lowest, 23), u32x4_splat(0xff));
            Self(u32x4_add(self.0, exponents))
        }

        #[inline]
        pub(crate) fn each(self) -> [u32; WORDS] {
            [
                u32x4_extract_lane::<0>(self.0),
                u32x4_extract_lane::<1>(self.0),
                u32x4_extract_lane::<2>(self.0),
                u32x4_extract_lane::<3>(self.0),
            ]
        }
    }

    /// `value` clamped to the range from 0 to `max`; `max` for NaN.
    #[inline]
    pub(crate) fn clamp(value: f64, max: f64) -> f64 {
        let least = f64x2_pmin(f64x2_splat(max), f64x2_splat(value));
        f64x2_extract_lane::<0>(f64x2_pmax(f64x2(0.0, 0.0), least))
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod plain {
    use super::{BIAS, WORDS};

    /// The words of one register.
    #[derive(Clone, Copy)]
    pub(crate) struct Words([u32; WORDS]);

    impl Words {
        #[inline]
        pub(crate) fn load(words: &[u32; WORDS]) -> Self {
            Self(*words)
        }

        #[inline]
        pub(crate) fn and(self, other: Self) -> Self {
            Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
        }

        /// Adds the positions of the lowest bits set, plus [`BIAS`].
        #[inline]
        pub(crate) fn plus_lowest_bits(self, words: Self) -> Self {
            let positions = words.0.map(|word| BIAS + word.trailing_zeros());
            Self(std::array::from_fn(|word| self.0[word] + positions[word]))
        }

        #[inline]
        pub(crate) fn each(self) -> [u32; WORDS] {
            self.0
        }
    }

    /// `value` clamped to the range from 0 to `max`; `max` for NaN.
    #[inline]
    pub(crate) fn clamp(value: f64, max: f64) -> f64 {
        let least = if value < max { value } else { max };
        if least > 0.0 { least } else { 0.0 }
    }
}
