//! Tensors of the protocol, in JSON or as binary data after it.

use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// A tensor of a request.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    datatype: String,
    data: Option<Flat>,
    #[serde(default)]
    parameters: InputParameters,
}

#[derive(Debug, Default, Deserialize)]
struct InputParameters {
    binary_data_size: Option<usize>,
}

impl Input {
    /// The values, row-major; their number must match the shape. The values of a binary tensor are
    /// split off the beginning of `bytes`.
    pub(super) fn values(&mut self, bytes: &mut &[u8]) -> Result<Vec<f64>, String> {
        let values = match (self.data.take(), self.parameters.binary_data_size) {
            (Some(Flat(values)), None) => {
                // Accepts numeric datatypes only.
                width(&self.datatype)?;
                values
            }
            (None, Some(size)) => {
                let (own, rest) = bytes
                    .split_at_checked(size)
                    .ok_or("has more binary data than the body")?;
                *bytes = rest;
                decode(&self.datatype, own)?
            }
            (None, None) => return Err("has no data".into()),
            (Some(_), Some(_)) => return Err("has data and binary data".into()),
        };
        let expected = self
            .shape
            .iter()
            .try_fold(1_usize, |n, &d| n.checked_mul(d));
        if expected != Some(values.len()) {
            let (count, shape) = (values.len(), &self.shape);
            return Err(format!("has {count} values, but the shape {shape:?}"));
        }
        Ok(values)
    }
}

/// Size of a value in bytes.
fn width(datatype: &str) -> Result<usize, String> {
    match datatype {
        "BOOL" | "INT8" | "UINT8" => Ok(1),
        "INT16" | "UINT16" => Ok(2),
        "INT32" | "UINT32" | "FP32" => Ok(4),
        "INT64" | "UINT64" | "FP64" => Ok(8),
        _ => Err(format!(
            "has the datatype {datatype:.20?}, which is no number"
        )),
    }
}

/// Decodes little-endian values of a datatype.
fn decode(datatype: &str, bytes: &[u8]) -> Result<Vec<f64>, String> {
    let width = width(datatype)?;
    if !bytes.len().is_multiple_of(width) {
        return Err(format!("has {} bytes, no multiple of {width}", bytes.len()));
    }
    let mut values = Vec::with_capacity(bytes.len() / width);
    for chunk in bytes.chunks_exact(width) {
        let mut raw = [0; 8];
        raw[..width].copy_from_slice(chunk);
        let unsigned = u64::from_le_bytes(raw);
        // Extends the sign.
        let shift = 64 - 8 * width;
        let signed = ((unsigned << shift) as i64) >> shift;
        values.push(match datatype {
            "FP64" => f64::from_bits(unsigned),
            "FP32" => f64::from(f32::from_bits(unsigned as u32)),
            "BOOL" => f64::from(u8::from(unsigned != 0)),
            _ if datatype.starts_with('U') => unsigned as f64,
            _ => signed as f64,
        });
    }
    Ok(values)
}

/// Numbers in arbitrarily nested arrays, flattened in order.
#[derive(Debug, Default)]
struct Flat(Vec<f64>);

impl<'de> Deserialize<'de> for Flat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut values = Vec::new();
        deserializer.deserialize_seq(Numbers(&mut values))?;
        Ok(Self(values))
    }
}

struct Numbers<'a>(&'a mut Vec<f64>);

impl<'de> Visitor<'de> for Numbers<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a list of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while sequence.next_element_seed(Numbers(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.0.push(value);
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.visit_f64(f64::from(u8::from(value)))
    }
}

impl<'de> de::DeserializeSeed<'de> for Numbers<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// A tensor of a response.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) datatype: &'static str,
    pub(super) shape: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<OutputParameters>,
}

#[derive(Debug, Serialize)]
struct OutputParameters {
    binary_data_size: usize,
}

/// The values of an output tensor.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Data {
    /// `FP64`.
    Numbers(Vec<f64>),
    /// `BYTES`.
    Texts(Vec<String>),
}

impl Output {
    /// Creates a tensor; a binary one appends its values to `bytes`.
    pub(super) fn new(
        (name, datatype): (&str, &'static str),
        shape: Vec<usize>,
        data: Data,
        bytes: Option<&mut Vec<u8>>,
    ) -> Self {
        let mut output = Self {
            name: name.to_owned(),
            datatype,
            shape,
            data: None,
            parameters: None,
        };
        if let Some(bytes) = bytes {
            let start = bytes.len();
            data.encode(bytes);
            output.parameters = Some(OutputParameters {
                binary_data_size: bytes.len() - start,
            });
        } else {
            output.data = Some(data);
        }
        output
    }
}

impl Data {
    /// Encodes numbers in little-endian order, and strings with a four-byte length prefix.
    fn encode(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Numbers(values) => values
                .iter()
                .for_each(|value| bytes.extend(value.to_le_bytes())),
            Self::Texts(texts) => {
                for text in texts {
                    bytes.extend((text.len() as u32).to_le_bytes());
                    bytes.extend(text.as_bytes());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(json: &str, mut bytes: &[u8]) -> Result<Vec<f64>, String> {
        let mut input: Input = serde_json::from_str(json).unwrap();
        let values = input.values(&mut bytes)?;
        assert!(bytes.is_empty());
        Ok(values)
    }

    #[test]
    fn data_may_be_nested() {
        let json = r#"{"name":"x","shape":[2,2],"datatype":"FP64","data":[[1,2.5],[true,-4]]}"#;
        assert_eq!(input(json, &[]).unwrap(), [1.0, 2.5, 1.0, -4.0]);
    }

    #[test]
    fn data_may_be_binary_in_every_datatype_of_numbers() {
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
            let size = bytes.len();
            let json = format!(
                r#"{{"name":"x","shape":[1],"datatype":"{datatype}","parameters":{{"binary_data_size":{size}}}}}"#
            );
            assert_eq!(input(&json, bytes).unwrap(), [value], "{datatype}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (json, words) in [
            (
                r#"{"name":"x","shape":[3],"datatype":"FP64","data":[1,2]}"#,
                "2 values",
            ),
            (
                r#"{"name":"x","shape":[1],"datatype":"BYTES","data":[1]}"#,
                "no number",
            ),
            (r#"{"name":"x","shape":[1],"datatype":"FP64"}"#, "no data"),
            (
                r#"{"name":"x","shape":[1],"datatype":"FP64","parameters":{"binary_data_size":8}}"#,
                "more binary data",
            ),
        ] {
            let error = input(json, &[]).unwrap_err();
            assert!(error.contains(words), "{json}: {error}");
        }
    }
}
