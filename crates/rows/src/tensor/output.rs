//! Tensors of a response.

use canopy_runtime::{ModelInfo, Task, argmax};
use serde::Serialize;
use utoipa::ToSchema;

/// Name of the output with the probability of every class.
const PROBABILITIES: &str = "probabilities";

/// An output that a model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputKind<'a> {
    /// Name of the output.
    pub name: &'a str,
    /// Datatype of its values.
    pub datatype: &'static str,
    /// Number of values of a row, if they are a dimension of their own.
    pub width: Option<usize>,
}

impl<'a> OutputKind<'a> {
    /// The outputs of a model.
    #[must_use]
    pub fn all(info: &'a ModelInfo) -> Vec<Self> {
        let answer = |datatype| Self {
            name: &info.response_field,
            datatype,
            width: None,
        };
        match info.task {
            Task::Regression => vec![answer("FP64")],
            Task::Classification => vec![
                answer("BYTES"),
                Self {
                    name: PROBABILITIES,
                    datatype: "FP64",
                    width: Some(info.classes.len()),
                },
            ],
        }
    }

    /// The values of this output among those that a model predicted.
    fn data<'v>(self, info: &'v ModelInfo, values: &'v [f64]) -> Data<'v> {
        if self.datatype == "FP64" {
            return Data::Numbers(values);
        }
        let rows = values.chunks(info.classes.len());
        Data::Texts(rows.map(|row| &*info.classes[argmax(row)]).collect())
    }
}

/// A tensor of a response.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OutputTensor)]
pub struct Output<'a> {
    /// Name of the output.
    name: &'a str,
    /// Datatype of the values.
    datatype: &'static str,
    /// Size of every dimension.
    shape: Vec<usize>,
    /// The values in row-major order; left out if they follow as bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    data: Option<Data<'a>>,
    /// Present if the values follow as bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameters: Option<OutputParameters>,
}

/// Parameters of a tensor of a response.
#[derive(Debug, Serialize, ToSchema)]
struct OutputParameters {
    /// Number of bytes after the JSON that hold the values.
    binary_data_size: usize,
}

/// The values of an output.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = OutputData)]
enum Data<'a> {
    /// Values of the datatype `FP64`.
    Numbers(&'a [f64]),
    /// Values of the datatype `BYTES`.
    Texts(Vec<&'a str>),
}

impl<'a> Output<'a> {
    /// The output of a kind, whose values go to the end of `bytes` if there are any bytes.
    pub(super) fn new(
        kind: OutputKind<'a>,
        (info, values): (&'a ModelInfo, &'a [f64]),
        bytes: Option<&mut Vec<u8>>,
    ) -> Self {
        let rows = values.len() / info.classes.len().max(1);
        let data = kind.data(info, values);
        let mut output = Self {
            name: kind.name,
            datatype: kind.datatype,
            shape: std::iter::once(rows).chain(kind.width).collect(),
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

impl Data<'_> {
    /// Appends numbers in little-endian order, and texts with their lengths in four bytes before them.
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
