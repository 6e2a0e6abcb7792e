//! Describes the routes of the Open Inference Protocol; its specification has the details.

use canopy_rows::tensor::{InferenceRequest, InferenceResponse};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::schema::{PROTOCOL, answer, content, inference_error, reference, responses};
use crate::http::handler::format::Format;
use crate::http::handler::v2::{
    Done, IndexEntry, Liveness, ModelMetadata, ModelReadiness, Readiness, ServerMetadata,
};

/// The operation with an id, if it is one of the protocol.
pub(super) fn operation(id: &str) -> Option<Value> {
    let missing = [("404", "There is no such model or version")];
    let operation = match id {
        "v2Server" => get::<ServerMetadata>("The server and its extensions", &[]),
        "v2Live" => get::<Liveness>("Whether the process is alive", &[]),
        "v2Ready" => {
            let mut ready = get::<Readiness>("Whether the server answers requests", &[]);
            ready["responses"]["503"] = answer::<Readiness>("The server is stopping");
            ready
        }
        "v2Index" => {
            let models = json!({"type": "array", "items": reference::<IndexEntry>()});
            let models = content("The models", Format::JSON, models);
            describe("All models", models, &[])
        }
        "v2load" => change("Load a model that was unloaded, or reload one whose file has changed"),
        "v2unload" => change("Unload a model until it is loaded again or the server restarts"),
        "v2Metadata" | "v2MetadataOfVersion" => {
            get::<ModelMetadata>("The inputs and outputs of a model", &missing)
        }
        "v2ModelReady" | "v2ModelReadyOfVersion" => {
            get::<ModelReadiness>("Whether a model is served", &missing)
        }
        "v2Infer" | "v2InferOfVersion" => infer(),
        _ => return None,
    };
    Some(operation)
}

fn change(summary: &str) -> Value {
    let errors = [
        ("404", "There is no such model"),
        ("409", "The change conflicts with the state of the model"),
        ("422", "The component cannot be loaded"),
        ("500", "The disk failed"),
    ];
    describe(summary, answer::<Done>("Done"), &errors)
}

fn infer() -> Value {
    let errors = [
        ("400", "The request is malformed or does not fit the model"),
        ("404", "There is no such model or version"),
        ("408", "The body did not arrive in time"),
        ("413", "The body is too large"),
        ("422", "The model refused a row"),
        ("500", "The model failed"),
        ("503", "The server is overloaded; retry after Retry-After"),
        ("504", "The model took too long"),
    ];
    let success = answer::<InferenceResponse>("The predictions");
    let mut infer = describe("Predict one or more rows", success, &errors);
    infer["requestBody"] = content("The rows", Format::JSON, reference::<InferenceRequest>());
    infer["requestBody"]["required"] = json!(true);
    let bytes = json!({"schema": {"type": "string", "format": "binary"}});
    infer["requestBody"]["content"][BYTES] = bytes.clone();
    infer["responses"]["200"]["content"][BYTES] = bytes;
    infer["parameters"] = json!([{
        "name": "inference-header-content-length",
        "in": "header",
        "description": "Length of the JSON in bytes, if the bytes of tensors follow it",
        "schema": {"type": "integer", "minimum": 0},
    }]);
    infer
}

/// Media type of JSON that is followed by the bytes of tensors.
const BYTES: &str = "application/octet-stream";

fn get<T: ToSchema>(summary: &str, errors: &[(&str, &str)]) -> Value {
    describe(summary, answer::<T>(summary), errors)
}

fn describe(summary: &str, success: Value, errors: &[(&str, &str)]) -> Value {
    let responses = responses(success, errors, inference_error);
    json!({"tags": [PROTOCOL], "summary": summary, "responses": responses})
}
