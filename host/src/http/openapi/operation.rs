//! Describes every route of the table, by its operation id.

use serde_json::{Value, json};

use super::description::{NOT_A_NAME, describe, get, query, removal, text};
use super::document::Document;
use super::model::Described;
use super::schema::{answer, content, reference};
use super::{observations, prediction, protocol};
use crate::http::handler::evaluations::{EvaluationList, EvaluationsQuery};
use crate::http::handler::format::Format;
use crate::http::handler::live::Live;
use crate::http::handler::models::{ModelDescription, ModelList, UploadQuery};
use crate::http::handler::status::{Greeting, Health, Ready};
use crate::http::handler::token::{FORM, Login, Token};
use crate::models::{Change, Plan};
use crate::monitoring::Report;

const NO_MODEL: (&str, &str) = ("404", "There is no such model");
const NO_EVALUATION: (&str, &str) = ("404", "There is no such model or evaluation");
const NO_STORE: (&str, &str) = (
    "403",
    "The host does not store versions, or must not change them",
);
const CONFLICT: (&str, &str) = ("409", "The change conflicts with the state of the model");
const DISK_FAILED: (&str, &str) = ("500", "The disk failed");
const DISK_FULL: (&str, &str) = ("507", "The disk is full");

/// The operation, without its id, the parameters of its path and its security.
///
/// # Panics
///
/// If the operation is not described here; a test describes all.
pub(super) fn operation(id: &str, models: &[Described]) -> Value {
    match id {
        "model" | "describe" => get::<ModelDescription>(
            "model",
            "The description of a model, with its versions and its candidate",
            &[NO_MODEL, NOT_A_NAME],
        ),
        "live" | "liveNamed" => get::<Live>(
            "model",
            "Live traffic: counters, the live window and its drift",
            &[NO_MODEL, NOT_A_NAME],
        ),
        "evaluations" | "evaluationsNamed" => {
            let mut evaluations = get::<EvaluationList>(
                "model",
                "Evaluations in figures, newest first",
                &[NO_MODEL, ("422", "The name or a parameter is invalid")],
            );
            evaluations["parameters"] = json!(query::<EvaluationsQuery>());
            evaluations
        }
        "evaluation" | "evaluationNamed" => get::<Report>(
            "model",
            "The full report of an evaluation; the id `last` is the newest",
            &[NO_EVALUATION, NOT_A_NAME],
        ),
        "report" | "reportNamed" => text(
            "model",
            "The full report of an evaluation as a self-contained page with charts",
            "text/html",
            &[NO_EVALUATION, NOT_A_NAME],
        ),
        "models" => get::<ModelList>("versions", "All models", &[]),
        "upload" => {
            let query = query::<UploadQuery>();
            let mut upload = upload("Upload a component and serve it", query);
            upload["responses"]["201"] = answer::<Change>("The change, which created the model");
            upload
        }
        "propose" => upload("Upload a component as a candidate", query::<Plan>()),
        "withdraw" => change("End the trial of the candidate", &[]),
        "rollBack" => change("Serve the previous version again", &[]),
        "promote" => change("Serve the candidate", &[]),
        "retire" => retire(),
        "metrics" => text(
            "host",
            "Metrics in the text format of Prometheus",
            "text/plain",
            &[],
        ),
        "health" => get::<Health>("host", "Whether the process is alive", &[]),
        "ready" => ready(),
        "openapi" => get::<Document>("host", "This document", &[]),
        "greeting" => {
            let summary = "A greeting; for clients that accept HTML, the console";
            let mut greeting = get::<Greeting>("host", summary, &[]);
            let page = json!({"schema": {"type": "string"}});
            greeting["responses"]["200"]["content"]["text/html"] = page;
            greeting
        }
        "docsRedirect" => json!({
            "tags": ["host"],
            "summary": "Redirect to `docs/`",
            "responses": {"308": {"description": "Moved to `docs/`"}},
        }),
        "docs" => text(
            "host",
            "This document as a page, for trying it out",
            "text/html",
            &[],
        ),
        "docsFile" | "consoleFile" => {
            let file = content(
                "The file",
                "*/*",
                json!({"type": "string", "format": "binary"}),
            );
            describe(
                "host",
                "A file of a page",
                file,
                &[("404", "There is no such file")],
            )
        }
        "token" => token(),
        _ => prediction::operation(id, models)
            .or_else(|| protocol::operation(id))
            .or_else(|| observations::operation(id))
            .unwrap_or_else(|| unreachable!("the operation {id} is not described")),
    }
}

fn ready() -> Value {
    let mut ready = get::<Ready<'_>>(
        "host",
        "Whether the host answers requests",
        &[("503", "The host is stopping or has no default model")],
    );
    ready["parameters"] = json!([{
        "name": "verbose",
        "in": "query",
        "description": "Also report which models are not served, and why",
        "allowEmptyValue": true,
        "schema": {"type": "string"},
    }]);
    ready
}

fn upload(summary: &str, parameters: Vec<Value>) -> Value {
    let errors = [
        ("400", "The body could not be read"),
        ("408", "The body did not arrive in time"),
        ("413", "The component is too large"),
        ("415", "The media type is not supported"),
        (
            "422",
            "The component cannot be loaded, or a parameter is invalid",
        ),
        ("503", "Other components are being uploaded"),
    ];
    let mut upload = change(summary, &errors);
    upload["parameters"] = json!(parameters);
    upload["requestBody"] = json!({"required": true, "content": {
        "application/wasm": {"schema": {"type": "string", "format": "binary"}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    }});
    upload
}

/// A change of the versions of a model.
fn change(summary: &str, others: &[(&str, &str)]) -> Value {
    let unfit = ("422", "The version can no longer be served");
    let errors = [NO_STORE, NO_MODEL, CONFLICT, unfit, DISK_FAILED, DISK_FULL];
    let errors = [&errors, others].concat();
    describe("versions", summary, answer::<Change>("The change"), &errors)
}

fn retire() -> Value {
    let errors = [NO_STORE, NO_MODEL, CONFLICT, NOT_A_NAME, DISK_FAILED];
    let done = "The model is no longer served";
    removal("versions", "Retire a model", done, &errors)
}

fn token() -> Value {
    let errors = [
        ("400", "The user name or the password is missing"),
        ("401", "The user name or the password is wrong"),
        ("408", "The body did not arrive in time"),
        ("413", "The body is too large"),
        ("415", "The media type is not supported"),
        ("429", "Too many logins failed; retry after Retry-After"),
        (
            "503",
            "Too many logins are waiting; retry after Retry-After",
        ),
    ];
    let mut token = get::<Token>(
        "host",
        "Get a token for a user name and a password",
        &errors,
    );
    token["requestBody"] = json!({"required": true, "content": {
        FORM: {"schema": reference::<Login>()},
        Format::JSON: {"schema": reference::<Login>()},
    }});
    token
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crate::http::routes::table;

    use super::*;

    #[test]
    fn every_route_is_described_under_an_id_of_its_own() {
        let table = table(true);
        let mut ids = HashSet::new();
        for route in table.routes() {
            assert!(
                ids.insert(route.operation),
                "{} is there twice",
                route.operation
            );
            let operation = operation(route.operation, &[]);
            assert!(operation["summary"].is_string(), "{}", route.operation);
            assert!(operation["responses"].is_object(), "{}", route.operation);
        }
    }
}
