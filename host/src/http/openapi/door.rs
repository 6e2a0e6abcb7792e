//! What the document says of the door, where there is one.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::schema::problem;
use crate::http::body::Format;
use crate::http::door::Need;
use crate::http::token::FORM;

/// Adds the door to a document: how to be let in, and which request needs it.
pub(super) fn add(document: &mut Value) {
    document["components"]["securitySchemes"] = json!({
        "token": {
            "type": "oauth2",
            "description": "A token for a name and a password",
            "flows": {"password": {"tokenUrl": "/token", "scopes": {}}},
        },
        "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    });
    let Some(paths) = document["paths"].as_object_mut() else {
        return;
    };
    for (path, operations) in paths.iter_mut() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            guard(path, method, operation);
        }
    }
    paths.insert("/token".to_owned(), token());
}

fn guard(path: &str, method: &str, operation: &mut Value) {
    let method = method.to_ascii_uppercase();
    let method = Method::try_from(method.as_str()).unwrap_or_default();
    let need = Need::of(&method, Some(&route(path)));
    if need == Need::Nothing {
        return;
    }
    operation["security"] = json!([{"token": []}, {"key": []}]);
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    responses.insert(
        "401".to_owned(),
        problem("No token or key that is valid came with the request"),
    );
    if let Need::Role(role) = need {
        let text = format!("The user does not have the role {role}");
        let text = match responses.get("403") {
            Some(known) => format!(
                "{}; or: {text}",
                known["description"].as_str().unwrap_or("")
            ),
            None => text,
        };
        responses.insert("403".to_owned(), problem(&text));
    }
}

/// The route of a path in which a model may be named.
fn route(path: &str) -> String {
    match path
        .strip_prefix("/models/")
        .map(|rest| rest.split_once('/'))
    {
        Some(Some((_, action))) => format!("/models/{{name}}/{action}"),
        Some(None) => "/models/{name}".to_owned(),
        None => path.to_owned(),
    }
}

fn token() -> Value {
    let login = json!({
        "type": "object",
        "required": ["username", "password"],
        "properties": {
            "username": {"type": "string"},
            "password": {"type": "string", "format": "password"},
        },
    });
    let token = json!({
        "type": "object",
        "required": ["access_token", "token_type", "expires_in"],
        "properties": {
            "access_token": {"type": "string"},
            "token_type": {"const": "bearer"},
            "expires_in": {"type": "integer", "description": "Seconds"},
        },
    });
    let responses = Map::from_iter(
        [
            ("400", "Name or password are missing"),
            ("401", "Name or password are wrong"),
            ("413", "The body is too large"),
            ("415", "The media type is not taken"),
            ("429", "Too many logins failed; try again after Retry-After"),
            (
                "503",
                "Too many logins are waiting; try again after Retry-After",
            ),
        ]
        .map(|(status, text)| (status.to_owned(), problem(text))),
    );
    let mut operation = json!({
        "operationId": "token",
        "tags": ["host"],
        "summary": "A token for a name and a password",
        "requestBody": {"required": true, "content": {
            FORM: {"schema": login},
            Format::JSON: {"schema": login},
        }},
        "responses": responses,
    });
    operation["responses"]["200"] = json!({
        "description": "The token",
        "content": {Format::JSON: {"schema": token}},
    });
    json!({"post": operation})
}
