//! The OpenAPI 3.1 document: the table of routes, with the loaded models' own fields and examples.

mod description;
mod document;
mod model;
mod observations;
mod operation;
mod prediction;
mod protocol;
mod schema;

use canopy_web::{Need, Route, Service as _};
use serde_json::{Map, Value, json};

use super::Server;
pub(super) use document::Document;
use model::Described;

/// What the operation of a route does, in a line.
#[must_use]
pub fn summary(operation: &str) -> String {
    let described = operation::operation(operation, &[]);
    described["summary"].as_str().unwrap_or_default().to_owned()
}

/// The document of everything that is served.
pub(super) fn document(server: &Server) -> Document {
    let models = described(server);
    let default = models.iter().find(|model| model.is_default());
    let info = default.map_or_else(
        || json!({"title": "Canopy", "version": env!("CARGO_PKG_VERSION")}),
        |model| {
            let info = model.info();
            json!({
                "title": format!("{} on Canopy", info.name),
                "version": info.version,
                "description": model::description(info),
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            })
        },
    );
    let parts = server.parts();
    let mut paths = Map::new();
    for route in server.table.routes() {
        let mut operation = operation::operation(route.operation, &models);
        operation["operationId"] = json!(route.operation);
        add_parameters(&mut operation, route, server);
        if parts.auth.is_some() {
            add_security(&mut operation, route.need);
        }
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation;
    }
    let mut schemas = schema::shared(parts.auth.is_some());
    schemas.extend(models.iter().flat_map(Described::schemas));
    let mut components = json!({"schemas": schemas});
    if parts.auth.is_some() {
        components["securitySchemes"] = json!({
            "token": {
                "type": "oauth2",
                "description": "A token for a user name and a password",
                "flows": {"password": {"tokenUrl": parts.config.link("/token"), "scopes": {}}},
            },
            "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        });
    }
    let root = parts.config.root_path.as_str();
    Document {
        openapi: "3.1.0",
        info,
        // Paths are appended to it as they are.
        servers: json!([{"url": if root.is_empty() { "/" } else { root }}]),
        tags: json!([
            {"name": "model", "description": "Predictions and their quality"},
            {"name": "versions", "description": "The versions of models, and trials"},
            {"name": schema::PROTOCOL, "description": "Version 2, over REST"},
            {"name": "host", "description": "The host itself"},
        ]),
        paths,
        components,
    }
}

/// All models, the default one first.
fn described(server: &Server) -> Vec<Described> {
    let models = &server.app.models;
    let default = models.default_owned();
    let is_default = |name| default.as_ref().is_some_and(|it| it.name == name);
    let all = models.all();
    let each = all.iter().map(|model| {
        let is_default = is_default(model.name.clone());
        Described::new(model, is_default)
    });
    let mut described: Vec<Described> = each.collect();
    described.sort_by_key(|model| !model.is_default());
    described
}

/// Adds the parameters of the path, before those that the operation has.
fn add_parameters(operation: &mut Value, route: &Route<Server>, server: &Server) {
    let segments = route.path.split('/');
    let names = segments.filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = names
        .map(|name| {
            let mut schema = json!({"type": "string"});
            if name == "name" {
                let models = server.app.models.all();
                let names = models.iter().map(|model| model.name.to_string());
                schema["examples"] = names.collect();
            }
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        })
        .collect();
    if let Some(others) = operation["parameters"].as_array() {
        parameters.extend(others.iter().cloned());
    }
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
}

/// Adds what a request needs to be let in, and how it is refused.
fn add_security(operation: &mut Value, need: Need) {
    if need == Need::Nothing {
        return;
    }
    operation["security"] = json!([{"token": []}, {"key": []}]);
    let is_protocol = operation["tags"][0] == schema::PROTOCOL;
    let refusal = |text: &str| {
        if is_protocol {
            schema::inference_error(text)
        } else {
            schema::problem(text)
        }
    };
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    let text = "No token or API key that is valid came with the request";
    responses.insert("401".to_owned(), refusal(text));
    if let Need::Role(role) = need {
        let text = format!("The user does not have the role {role}");
        let text = match responses.get("403") {
            Some(known) => format!(
                "{}; or: {text}",
                known["description"].as_str().unwrap_or("")
            ),
            None => text,
        };
        responses.insert("403".to_owned(), refusal(&text));
    }
}
