//! Datatypes of tensors.

/// A datatype of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Datatype {
    Bool,
    /// A signed integer of so many bytes.
    Int(usize),
    /// An unsigned integer of so many bytes.
    Uint(usize),
    Fp32,
    Fp64,
}

impl Datatype {
    /// The datatype of this name.
    ///
    /// # Errors
    ///
    /// If there is none, or it is not one of numbers.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        Ok(match name {
            "BOOL" => Self::Bool,
            "INT8" => Self::Int(1),
            "INT16" => Self::Int(2),
            "INT32" => Self::Int(4),
            "INT64" => Self::Int(8),
            "UINT8" => Self::Uint(1),
            "UINT16" => Self::Uint(2),
            "UINT32" => Self::Uint(4),
            "UINT64" => Self::Uint(8),
            "FP32" => Self::Fp32,
            "FP64" => Self::Fp64,
            _ => {
                return Err(format!(
                    "has the datatype {name:.20?}, which is not numeric"
                ));
            }
        })
    }

    /// Whether a value is one of this datatype.
    pub(super) fn includes(self, value: f64) -> bool {
        let power = |exponent: usize| 2_f64.powi(exponent as i32);
        let (least, beyond) = match self {
            Self::Fp32 | Self::Fp64 => return value.is_finite(),
            Self::Bool => (0.0, 2.0),
            Self::Int(bytes) => (-power(8 * bytes - 1), power(8 * bytes - 1)),
            Self::Uint(bytes) => (0.0, power(8 * bytes)),
        };
        value.fract() == 0.0 && (least..beyond).contains(&value)
    }

    /// Little-endian values.
    ///
    /// # Errors
    ///
    /// If the bytes do not hold a whole number of values.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Vec<f64>, String> {
        let width = match self {
            Self::Bool => 1,
            Self::Int(bytes) | Self::Uint(bytes) => bytes,
            Self::Fp32 => 4,
            Self::Fp64 => 8,
        };
        if !bytes.len().is_multiple_of(width) {
            let length = bytes.len();
            return Err(format!(
                "has {length} bytes, which is not a multiple of {width}"
            ));
        }
        let value = |chunk: &[u8]| {
            let mut raw = [0; 8];
            raw[..width].copy_from_slice(chunk);
            let unsigned = u64::from_le_bytes(raw);
            match self {
                Self::Fp64 => f64::from_bits(unsigned),
                Self::Fp32 => f64::from(f32::from_bits(unsigned as u32)),
                Self::Bool => f64::from(u8::from(unsigned != 0)),
                Self::Uint(_) => unsigned as f64,
                Self::Int(_) => {
                    // Moves the sign to the top and back.
                    let shift = 64 - 8 * width;
                    (((unsigned << shift) as i64) >> shift) as f64
                }
            }
        };
        Ok(bytes.chunks_exact(width).map(value).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_datatype_is_decoded() {
        for (datatype, bytes, value) in [
            ("BOOL", &[1][..], 1.0),
            ("INT8", &[255], -1.0),
            ("UINT8", &[255], 255.0),
            ("INT16", &[254, 255], -2.0),
            ("UINT16", &[1, 1], 257.0),
            ("INT32", &[253, 255, 255, 255], -3.0),
            ("UINT32", &[0, 0, 1, 0], 65536.0),
            ("INT64", &[255; 8], -1.0),
            ("UINT64", &[1, 0, 0, 0, 0, 0, 0, 0], 1.0),
            ("FP32", &1.5_f32.to_le_bytes(), 1.5),
            ("FP64", &(-0.1_f64).to_le_bytes(), -0.1),
        ] {
            let datatype = Datatype::named(datatype).unwrap();
            assert_eq!(datatype.decode(bytes).unwrap(), [value], "{datatype:?}");
            assert!(datatype.includes(value), "{datatype:?}");
        }
        assert!(Datatype::named("BYTES").is_err());
        assert!(Datatype::Fp64.decode(&[0; 7]).is_err());
    }

    #[test]
    fn values_beyond_a_datatype_are_not_of_it() {
        for (datatype, value) in [
            ("BOOL", 2.0),
            ("BOOL", 0.5),
            ("INT8", 1000.7),
            ("INT8", 128.0),
            ("UINT8", -1.0),
            ("INT64", 9.3e18),
            ("UINT32", 4_294_967_296.0),
            ("FP64", f64::INFINITY),
        ] {
            assert!(
                !Datatype::named(datatype).unwrap().includes(value),
                "{datatype} {value}"
            );
        }
        assert!(Datatype::named("INT8").unwrap().includes(-128.0));
    }
}
