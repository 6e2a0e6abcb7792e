//! What the vector registers of WebAssembly do better, with the same in plain Rust for every
//! other target.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) use vector::{Words, clamp};

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(crate) use plain::{Words, clamp};

/// Words of a vector register.
pub(crate) const WORDS: usize = 4;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vector {
    use core::arch::wasm32::{
        f64x2, f64x2_extract_lane, f64x2_pmax, f64x2_pmin, f64x2_splat, u32x4_extract_lane, v128,
        v128_and, v128_load,
    };

    use super::WORDS;

    /// Some words.
    #[derive(Clone, Copy)]
    pub(crate) struct Words(v128);

    impl Words {
        #[inline]
        pub(crate) fn load(words: &[u32; WORDS]) -> Self {
            // SAFETY: there are four; loads need no alignment.
            Self(unsafe { v128_load(words.as_ptr().cast()) })
        }

        #[inline]
        pub(crate) fn and(self, other: Self) -> Self {
            Self(v128_and(self.0, other.0))
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

    /// `value` within 0 and `most`; `most` for NaN.
    #[inline]
    pub(crate) fn clamp(value: f64, most: f64) -> f64 {
        let least = f64x2_pmin(f64x2_splat(most), f64x2_splat(value));
        f64x2_extract_lane::<0>(f64x2_pmax(f64x2(0.0, 0.0), least))
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod plain {
    use super::WORDS;

    /// Some words.
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

        #[inline]
        pub(crate) fn each(self) -> [u32; WORDS] {
            self.0
        }
    }

    /// `value` within 0 and `most`; `most` for NaN.
    #[inline]
    pub(crate) fn clamp(value: f64, most: f64) -> f64 {
        let least = if value < most { value } else { most };
        if least > 0.0 { least } else { 0.0 }
    }
}
