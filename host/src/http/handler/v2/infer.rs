//! Inference: one tensor with all features, or one tensor per feature.

use std::sync::Arc;

use canopy_rows::json::check_depth;
use canopy_rows::{InvalidBody, Schema};
use canopy_runtime::{Rows, Task, argmax};
use canopy_web::{
    Body, Call, HeaderMap, HeaderName, HeaderValue, Problem, Response, StatusCode, header,
};
use serde::{Deserialize, Serialize};

use super::model::{PROBABILITIES, outputs, target};
use super::tensor::{Data, Input, Output};
use crate::app::AppError;
use crate::app::call::CallInput;
use crate::app::predict::{Prediction, predict};
use crate::http::Server;
use crate::models::Rollout;

/// Length of the JSON that precedes binary tensors.
const JSON_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");

#[derive(Debug, Deserialize)]
struct Inference {
    id: Option<String>,
    inputs: Vec<Input>,
    #[serde(default)]
    outputs: Vec<Wanted>,
    #[serde(default)]
    parameters: Parameters,
}

/// A requested output; without any, all outputs are returned.
#[derive(Debug, Deserialize)]
struct Wanted {
    name: String,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    binary_data: Option<bool>,
    binary_data_output: Option<bool>,
}

#[derive(Debug, Serialize)]
struct InferenceResponse<'a> {
    model_name: &'a str,
    model_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    outputs: Vec<Output>,
}

/// `POST /v2/models/{name}/infer`: one row immediately, more in the background pool.
pub(crate) async fn infer(mut call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = target(&call)?;
    let app = &call.service.app;
    let limits = &app.limits;
    let json_length = json_length(call.headers())?;
    let body = call.read(limits.body_limit.as_u64()).await?;
    let mut rollout = model.rollout_owned();
    if call.parameters.get("version").is_some() {
        // Requests for a specific version take no part in a trial.
        rollout = Arc::new(Rollout {
            candidate: None,
            ..Rollout::clone(&rollout)
        });
    }
    let serving = Arc::clone(&rollout.serving);
    let parse = move || parse(&body, json_length, serving.loaded.schema());
    let (inference, rows) = match call.permit.of_pool() {
        Some(permit) => app.background.run(permit, parse).await??,
        None => parse()?,
    };
    if rows.len() > limits.max_rows {
        return Err(AppError::from(InvalidBody::TooMany(limits.max_rows)).into());
    }
    let out_of_range = rollout.serving.loaded.is_out_of_range(&rows);
    let count = rows.len();
    let rows = Arc::new(rows);
    let input = match (count, call.permit.of_pool()) {
        (1, _) => CallInput::One(rows),
        (_, Some(permit)) => CallInput::Many(rows, permit.clone()),
        (_, None) => {
            // The body held more rows than its size suggested.
            let permit = app.background.permit();
            CallInput::Many(rows, permit.inspect_err(|_| model.metrics.overloaded())?)
        }
    };
    let predicted = predict(app, &model, &rollout, &input, out_of_range).await;
    let prediction = predicted.map_err(AppError::from)?;
    respond(model.name.as_str(), &inference, &prediction, count)
}

fn json_length(headers: &HeaderMap) -> Result<Option<usize>, Problem> {
    let Some(value) = headers.get(JSON_LENGTH) else {
        return Ok(None);
    };
    let length = value.to_str().ok().and_then(|text| text.parse().ok());
    length
        .map(Some)
        .ok_or_else(|| bad_request(format!("{JSON_LENGTH} is not a length")))
}

/// Parses a request.
fn parse(
    body: &[u8],
    json_length: Option<usize>,
    schema: &Schema,
) -> Result<(Inference, Rows), Problem> {
    let length = json_length.unwrap_or(body.len());
    let (json, mut bytes) = body
        .split_at_checked(length)
        .ok_or_else(|| bad_request(format!("{JSON_LENGTH} is longer than the body")))?;
    check_depth(json).map_err(AppError::from)?;
    let mut inference: Inference = serde_json::from_slice(json)
        .map_err(|error| bad_request(format!("the request cannot be read: {error}")))?;
    let inputs = std::mem::take(&mut inference.inputs);
    let rows = rows(inputs, &mut bytes, schema).map_err(bad_request)?;
    if bytes.is_empty() {
        Ok((inference, rows))
    } else {
        let count = bytes.len();
        Err(bad_request(format!("{count} bytes belong to no tensor")))
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
        if let Some(position) = values.iter().position(|value| !value.is_finite()) {
            return Err(format!(
                "value {position} of the input {:.80?} is no finite number",
                input.name
            ));
        }
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
                    "the input {:.80?} has the shape {:?}, expected [n, {width}], or an input for \
                     each feature",
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
        return Err(format!("{:.80?} is no feature of the model", input.name));
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

/// The response, with binary tensors if requested.
fn respond(
    model: &str,
    inference: &Inference,
    prediction: &Prediction<'_>,
    count: usize,
) -> Result<Response, Problem> {
    let info = prediction.version.loaded.model().info();
    let wanted: Vec<(&str, Option<bool>)> = if inference.outputs.is_empty() {
        let all = outputs(info).into_iter();
        all.map(|(name, ..)| (name, None)).collect()
    } else {
        let named = inference.outputs.iter();
        named
            .map(|output| (output.name.as_str(), output.parameters.binary_data))
            .collect()
    };
    let by_default = inference.parameters.binary_data_output.unwrap_or(false);
    let mut bytes = Vec::new();
    let mut outputs = Vec::new();
    for (name, binary) in wanted {
        let values = &prediction.values;
        let (datatype, shape, data) = match info.task {
            Task::Regression if name == info.response_field => {
                ("FP64", vec![count], Data::Numbers(values.clone()))
            }
            Task::Classification if name == info.response_field => {
                let rows = values.chunks(info.classes.len());
                let labels = rows.map(|row| info.classes[argmax(row)].clone());
                ("BYTES", vec![count], Data::Texts(labels.collect()))
            }
            Task::Classification if name == PROBABILITIES => (
                "FP64",
                vec![count, info.classes.len()],
                Data::Numbers(values.clone()),
            ),
            _ => return Err(bad_request(format!("there is no output {name:.80?}"))),
        };
        let binary = binary.unwrap_or(by_default).then_some(&mut bytes);
        outputs.push(Output::new((name, datatype), shape, data, binary));
    }
    let inferred = InferenceResponse {
        model_name: model,
        model_version: &info.version,
        id: inference.id.as_deref(),
        outputs,
    };
    // Cannot fail: strings and finite numbers can be serialized.
    let mut body = serde_json::to_vec(&inferred).unwrap_or_default();
    let is_binary = !bytes.is_empty();
    let length = HeaderValue::from(body.len());
    body.append(&mut bytes);
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    let media_type = if is_binary {
        headers.insert(JSON_LENGTH, length);
        "application/octet-stream"
    } else {
        "application/json"
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    Ok(response)
}

/// 400: a client error.
fn bad_request(message: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, message)
}
