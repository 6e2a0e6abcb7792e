//! Tensors that clients send: in JSON, or as bytes behind it.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use utoipa::ToSchema;

use super::datatype::Datatype;

/// A tensor of a request.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = InputTensor)]
pub(super) struct Input {
    /// Name of the tensor: that of a feature, or any name for the tensor of all features.
    pub(super) name: String,
    /// Size of every dimension.
    pub(super) shape: Vec<usize>,
    /// Datatype of the values: `BOOL`, `INT8` to `INT64`, `UINT8` to `UINT64`, `FP32` or `FP64`.
    datatype: String,
    /// The values in row-major order, nested in lists or not; left out if they follow as bytes.
    #[schema(value_type = Option<Vec<Value>>)]
    data: Option<Flat>,
    #[serde(default)]
    parameters: InputParameters,
}

/// Parameters of a tensor of a request.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct InputParameters {
    /// Number of bytes after the JSON that hold the values.
    binary_data_size: Option<usize>,
}

impl Input {
    /// The values in row-major order, as many as the shape says. Those of a binary tensor are taken
    /// from the beginning of `bytes`.
    pub(super) fn values(&mut self, bytes: &mut &[u8]) -> Result<Vec<f64>, String> {
        let datatype = Datatype::named(&self.datatype)?;
        let values = match (self.data.take(), self.parameters.binary_data_size) {
            (Some(Flat(values)), None) => values,
            (None, Some(size)) => {
                let (own, rest) = bytes
                    .split_at_checked(size)
                    .ok_or("has more binary data than the body")?;
                *bytes = rest;
                datatype.decode(own)?
            }
            (None, None) => return Err("has no data".into()),
            (Some(_), Some(_)) => return Err("has both data and binary data".into()),
        };
        if let Some(position) = values.iter().position(|it| !datatype.includes(*it)) {
            let (value, datatype) = (values[position], &self.datatype);
            return Err(format!(
                "has the value {value} at position {position}, which is not a finite {datatype}"
            ));
        }
        let expected = self
            .shape
            .iter()
            .try_fold(1_usize, |n, &d| n.checked_mul(d));
        if expected != Some(values.len()) {
            let (count, shape) = (values.len(), &self.shape);
            return Err(format!(
                "has {count} values, which does not match the shape {shape:?}"
            ));
        }
        Ok(values)
    }
}

/// Numbers, nested in lists or not, in the order in which they are written.
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
    fn data_may_be_nested_or_binary() {
        let json = r#"{"name":"x","shape":[2,2],"datatype":"FP64","data":[[1,2.5],[true,-4]]}"#;
        assert_eq!(input(json, &[]).unwrap(), [1.0, 2.5, 1.0, -4.0]);
        let json =
            r#"{"name":"x","shape":[2],"datatype":"INT16","parameters":{"binary_data_size":4}}"#;
        assert_eq!(input(json, &[1, 0, 255, 255]).unwrap(), [1.0, -1.0]);
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
                "not numeric",
            ),
            (
                r#"{"name":"x","shape":[2],"datatype":"INT8","data":[1,1000.7]}"#,
                "1000.7 at position 1",
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
