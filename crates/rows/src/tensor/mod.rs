//! Tensors of the Open Inference Protocol, version 2: requests to rows, and predictions to responses.

mod datatype;
mod input;
mod output;

use std::fmt;
use std::marker::PhantomData;

use canopy_runtime::{Limits, ModelInfo, Rows};
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::json::check_depth;
use super::memory::GROWING;
use super::problem::InvalidBody;
use super::schema::Schema;
use input::Input;
pub use output::{Output, OutputKind};

/// Maximum number of tensors of a request, and of outputs that it names.
const MAX_TENSORS: usize = Limits::FEATURES;

/// A request for predictions of one or more rows.
#[derive(Debug, Deserialize, ToSchema)]
pub struct InferenceRequest {
    /// Identifies the request; repeated in the response.
    id: Option<String>,
    /// One tensor `[n, features]`, or one tensor `[n]` or `[n, 1]` for each feature, by name.
    #[serde(deserialize_with = "few")]
    #[schema(min_items = 1)]
    inputs: Vec<Input>,
    /// The requested outputs, each at most once; all if there are none.
    #[serde(default, deserialize_with = "few")]
    outputs: Vec<RequestedOutput>,
    #[serde(default)]
    parameters: RequestParameters,
}

/// A requested output.
#[derive(Debug, Deserialize, ToSchema)]
struct RequestedOutput {
    /// Name of the output.
    name: String,
    #[serde(default)]
    parameters: RequestedOutputParameters,
}

/// Parameters of a request.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct RequestParameters {
    /// Whether outputs are sent as bytes after the JSON, unless they say otherwise themselves.
    binary_data_output: Option<bool>,
}

/// Parameters of a requested output.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct RequestedOutputParameters {
    /// Whether the output is sent as bytes after the JSON.
    binary_data: Option<bool>,
}

/// Predictions in the order of the rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct InferenceResponse<'a> {
    /// Name of the model.
    model_name: &'a str,
    /// The version that predicted.
    model_version: &'a str,
    /// Id of the request, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<&'a str>,
    /// The outputs.
    outputs: Vec<Output<'a>>,
}

/// Maximum memory for parsing a body, in bytes, without the body. `json_length` is as in [`parse`].
#[must_use]
pub fn memory(body: &[u8], json_length: Option<usize>) -> u64 {
    let length = json_length.map_or(body.len(), |length| length.min(body.len()));
    let (json, bytes) = body.split_at(length);
    let separators = json.iter().filter(|byte| **byte == b',').count() as u64;
    // The values of tensors, and the rows that are made of them. Of bytes, one may be a value.
    (GROWING + 8) * (separators + 1 + bytes.len() as u64)
}

/// Parses a request: what it asks for, and its rows. `json_length` is the length of the JSON that
/// precedes binary tensors, if there are any.
///
/// # Errors
///
/// If the body is malformed, an output is requested twice or unknown, or the tensors are not rows of
/// finite numbers of the model's features, at most `limit`.
pub fn parse(
    body: &[u8],
    json_length: Option<usize>,
    (schema, info): (&Schema, &ModelInfo),
    limit: usize,
) -> Result<(InferenceRequest, Rows), InvalidBody> {
    let length = json_length.unwrap_or(body.len());
    let (json, mut bytes) = body
        .split_at_checked(length)
        .ok_or_else(|| malformed("the declared length of the JSON is longer than the body"))?;
    check_depth(json)?;
    let mut request: InferenceRequest = serde_json::from_slice(json)
        .map_err(|error| malformed(format!("the request is malformed: {error}")))?;
    request.check_outputs(info).map_err(malformed)?;
    let inputs = std::mem::take(&mut request.inputs);
    let rows = rows(inputs, &mut bytes, schema).map_err(malformed)?;
    if !bytes.is_empty() {
        let count = bytes.len();
        return Err(malformed(format!("{count} bytes after the last tensor")));
    }
    if rows.len() > limit {
        return Err(InvalidBody::TooMany(limit));
    }
    Ok((request, rows))
}

impl InferenceRequest {
    /// Checks that every requested output is one of the model's, and requested once.
    fn check_outputs(&self, info: &ModelInfo) -> Result<(), String> {
        let known = OutputKind::all(info);
        for (position, output) in self.outputs.iter().enumerate() {
            let name = &output.name;
            if !known.iter().any(|it| it.name == name) {
                return Err(format!("there is no output {name:.80?}"));
            }
            if self.outputs[..position].iter().any(|it| it.name == *name) {
                return Err(format!("the output {name:.80?} is requested twice"));
            }
        }
        Ok(())
    }

    /// The response with a model's predictions: JSON, and the bytes of binary tensors.
    #[must_use]
    pub fn respond(&self, model: &str, info: &ModelInfo, values: &[f64]) -> (Vec<u8>, Vec<u8>) {
        let by_default = self.parameters.binary_data_output.unwrap_or(false);
        let mut kinds = OutputKind::all(info);
        // In the order of the request, if it names any.
        let place = |kind: &OutputKind<'_>| self.outputs.iter().position(|it| it.name == kind.name);
        if !self.outputs.is_empty() {
            kinds.retain(|kind| place(kind).is_some());
            kinds.sort_by_key(place);
        }
        let mut bytes = Vec::new();
        let mut outputs = Vec::new();
        for kind in kinds {
            let requested = place(&kind).map(|place| &self.outputs[place].parameters);
            let binary = requested.and_then(|it| it.binary_data);
            let binary = binary.unwrap_or(by_default).then_some(&mut bytes);
            outputs.push(Output::new(kind, (info, values), binary));
        }
        let response = InferenceResponse {
            model_name: model,
            model_version: &info.version,
            id: self.id.as_deref(),
            outputs,
        };
        let json = serde_json::to_vec(&response);
        let json =
            json.unwrap_or_else(|_| unreachable!("texts and finite numbers have a JSON form"));
        (json, bytes)
    }
}

/// Decodes the rows: from one tensor `[n, features]`, or from one tensor `[n]` or `[n, 1]` per
/// feature, matched by name.
fn rows(inputs: Vec<Input>, bytes: &mut &[u8], schema: &Schema) -> Result<Rows, String> {
    let width = schema.width();
    let mut tensors = Vec::new();
    for mut input in inputs {
        let values = input
            .values(bytes)
            .map_err(|problem| format!("the input {:.80?} {problem}", input.name))?;
        tensors.push((input, values));
    }
    let is_feature = |input: &Input| schema.features().contains(&input.name);
    let rows = match tensors.as_mut_slice() {
        [] => return Err("there are no inputs".into()),
        [(input, values)] if !is_feature(input) => {
            let fits = matches!(input.shape[..], [n] if n == width)
                || matches!(input.shape[..], [_, n] if n == width);
            if !fits {
                return Err(format!(
                    "the input {:.80?} has the shape {:?}, expected [n, {width}], or one input per \
                     feature",
                    input.name, input.shape
                ));
            }
            Rows::new(std::mem::take(values), width)
        }
        tensors => interleave(tensors, schema)?,
    };
    if rows.is_empty() {
        return Err("there are no rows".into());
    }
    Ok(rows)
}

/// Builds rows from tensors of one feature each.
fn interleave(tensors: &[(Input, Vec<f64>)], schema: &Schema) -> Result<Rows, String> {
    let unknown = tensors
        .iter()
        .find(|(input, _)| !schema.features().contains(&input.name));
    if let Some((input, _)) = unknown {
        return Err(format!("{:.80?} is not a feature of the model", input.name));
    }
    let column = |feature: &String| {
        let mut found = tensors.iter().filter(|(input, _)| input.name == *feature);
        match (found.next(), found.next()) {
            (Some((input, values)), None) => match input.shape[..] {
                [_] | [_, 1] => Ok(values),
                _ => Err(format!(
                    "the input {feature:?} has the shape {:?}, expected [n] or [n, 1]",
                    input.shape
                )),
            },
            (None, _) => Err(format!("the feature {feature:?} is missing")),
            (Some(_), Some(_)) => Err(format!("the feature {feature:?} is given twice")),
        }
    };
    let columns: Vec<&Vec<f64>> = schema
        .features()
        .iter()
        .map(column)
        .collect::<Result<_, _>>()?;
    let count = columns[0].len();
    if columns.iter().any(|column| column.len() != count) {
        return Err("the inputs have different numbers of rows".into());
    }
    Ok(Rows::from_columns(&columns))
}

/// Deserialises a list of at most [`MAX_TENSORS`] items: a small body could hold many that take a lot
/// of memory.
fn few<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct Few<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Few<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MAX_TENSORS} tensors")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = sequence.next_element()? {
                if items.len() == MAX_TENSORS {
                    return Err(A::Error::invalid_length(MAX_TENSORS + 1, &self));
                }
                items.push(item);
            }
            Ok(items)
        }
    }

    deserializer.deserialize_seq(Few(PhantomData))
}

fn malformed(message: impl Into<String>) -> InvalidBody {
    InvalidBody::Malformed(message.into())
}
