//! Inference: one tensor of all features, or one tensor for each.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::tensor::{Data, Input, Output};
use super::{PROBABILITIES, Refusal, Shared, Target};
use crate::call::{self, Answer, Rows};
use crate::http::observe::{admit, request_id_of, slow_place};
use crate::http::{body, predict};
use crate::models::Route;
use crate::row::json::check_depth;
use crate::row::{InvalidBody, Schema};
use crate::runtime::{Task, likeliest};

/// Length of the JSON before binary tensors.
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

/// An output that is wanted; all are if none is named.
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
struct Inferred<'a> {
    model_name: &'a str,
    model_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    outputs: Vec<Output>,
}

/// `POST /v2/models/{name}/infer`: one row at once, more in the slow lane.
pub(super) async fn infer(
    State(host): Shared,
    Path(target): Path<Target>,
    request: Request,
) -> Result<Response, Refusal> {
    let slot = target.find(&host)?;
    let limits = &host.config.limits;
    let length = body::length(&request);
    let small = limits.record_limit.as_u64().min(body::AT_ONCE as u64);
    let is_small = length.is_some_and(|length| length <= small);
    let json_length = json_length(request.headers())?;
    let id = request_id_of(request.headers());
    // Held until there is an answer.
    let admitted = is_small.then(|| admit(&host, &slot)).transpose()?;
    let mut place = (!is_small).then(|| slow_place(&host, &slot)).transpose()?;
    let body = body::read(&host, request, limits.body_limit.as_u64()).await?;

    let mut route = slot.route_owned();
    if target.version.is_some() {
        // Whoever names a version gets no other one's answer.
        route = Arc::new(Route {
            serving: Arc::clone(&route.serving),
            candidate: None,
        });
    }
    let serving = Arc::clone(&route.serving);
    let parse = move || parse(&body, json_length, serving.served.schema());
    let (inference, rows) = match &place {
        Some(place) => host.lane.run(place, parse).await??,
        None => parse()?,
    };
    let width = route.serving.served.schema().width();
    let rows = Arc::new(rows);
    let count = rows.len() / width;
    if count > limits.max_rows {
        return Err(InvalidBody::TooMany(limits.max_rows).into());
    }
    let asked = match (count, place.take()) {
        (1, _) => Rows::One(Arc::clone(&rows)),
        (_, Some(place)) => Rows::Many(Arc::clone(&rows), place),
        (_, None) => Rows::Many(Arc::clone(&rows), slow_place(&host, &slot)?),
    };
    let answer = call::predict(&host, &slot, &route, &asked, id.as_deref()).await?;
    // As for the other routes, only single rows are what the live window is made of.
    let served = &route.serving.served;
    let unusual = match asked {
        Rows::One(_) => predict::watch(&slot, &route.serving, &rows, &answer),
        Rows::Many(..) => rows.chunks(width).any(|row| served.is_unusual(row)),
    };
    answer.version.predictions.inc();
    slot.metrics.predicted(count, unusual);
    drop(admitted);
    respond(slot.name.as_str(), &inference, &answer, count)
}

fn json_length(headers: &HeaderMap) -> Result<Option<usize>, Refusal> {
    let Some(value) = headers.get(JSON_LENGTH) else {
        return Ok(None);
    };
    let length = value.to_str().ok().and_then(|text| text.parse().ok());
    length
        .map(Some)
        .ok_or_else(|| Refusal::new(format!("{JSON_LENGTH} is no length")))
}

/// Reads a request: what it asks for, and its rows.
fn parse(
    body: &[u8],
    json_length: Option<usize>,
    schema: &Schema,
) -> Result<(Inference, Vec<f64>), Refusal> {
    let length = json_length.unwrap_or(body.len());
    let (json, mut bytes) = body
        .split_at_checked(length)
        .ok_or_else(|| Refusal::new(format!("{JSON_LENGTH} is longer than the body")))?;
    check_depth(json)?;
    let mut inference: Inference = serde_json::from_slice(json)
        .map_err(|error| Refusal::new(format!("the request cannot be read: {error}")))?;
    let inputs = std::mem::take(&mut inference.inputs);
    let rows = rows(inputs, &mut bytes, schema).map_err(Refusal::new)?;
    if bytes.is_empty() {
        Ok((inference, rows))
    } else {
        let count = bytes.len();
        Err(Refusal::new(format!("{count} bytes belong to no tensor")))
    }
}

/// The rows that the tensors hold: one tensor `[n, features]`, or one `[n]` or `[n, 1]` for each
/// feature, by name.
fn rows(inputs: Vec<Input>, bytes: &mut &[u8], schema: &Schema) -> Result<Vec<f64>, String> {
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
            std::mem::take(values)
        }
        tensors => interleave(tensors, schema)?,
    };
    if rows.is_empty() {
        return Err("there are no rows".into());
    }
    Ok(rows)
}

/// Rows of tensors that hold one feature each.
fn interleave(tensors: &[(Input, Vec<f64>)], schema: &Schema) -> Result<Vec<f64>, String> {
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
    let row = |row: usize| columns.iter().map(move |column| column[row]);
    Ok((0..count).flat_map(row).collect())
}

/// The answer, with binary tensors if any are wanted.
fn respond(
    model: &str,
    inference: &Inference,
    answer: &Answer<'_>,
    count: usize,
) -> Result<Response, Refusal> {
    let info = answer.version.served.model().info();
    let wanted: Vec<(&str, Option<bool>)> = if inference.outputs.is_empty() {
        let all = super::outputs(info).into_iter();
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
        let values = &answer.values;
        let (datatype, shape, data) = match info.task {
            Task::Regression if name == info.response_field => {
                ("FP64", vec![count], Data::Numbers(values.clone()))
            }
            Task::Classification if name == info.response_field => {
                let rows = values.chunks(info.classes.len());
                let labels = rows.map(|row| info.classes[likeliest(row)].clone());
                ("BYTES", vec![count], Data::Texts(labels.collect()))
            }
            Task::Classification if name == PROBABILITIES => (
                "FP64",
                vec![count, info.classes.len()],
                Data::Numbers(values.clone()),
            ),
            _ => return Err(Refusal::new(format!("there is no output {name:.80?}"))),
        };
        let binary = binary.unwrap_or(by_default).then_some(&mut bytes);
        outputs.push(Output::new((name, datatype), shape, data, binary));
    }
    let inferred = Inferred {
        model_name: model,
        model_version: &info.version,
        id: inference.id.as_deref(),
        outputs,
    };
    // Texts and finite numbers always have a JSON form.
    let mut body = serde_json::to_vec(&inferred).unwrap_or_default();
    if bytes.is_empty() {
        return Ok((
            [(header::CONTENT_TYPE, "application/json".to_owned())],
            body,
        )
            .into_response());
    }
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (JSON_LENGTH, body.len().to_string()),
    ];
    body.append(&mut bytes);
    Ok((headers, body).into_response())
}
